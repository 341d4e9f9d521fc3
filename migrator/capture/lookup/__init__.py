"""What the stream cannot know by itself is looked up in the source, while it waits."""
