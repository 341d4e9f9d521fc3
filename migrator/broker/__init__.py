"""RabbitMQ: batches are published with confirms and consumed in order."""
