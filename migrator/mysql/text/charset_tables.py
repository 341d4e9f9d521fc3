"""Character sets without a codec in Python, and differences of its codecs from the servers.

The tables are the answers of MySQL 9.7 and MariaDB 10.11 to CONVERT(... USING utf16) for
each byte or sequence of bytes.
"""

UNKNOWN = "\ufffe"
"""What `codecs.charmap_decode` treats as no character."""

CONTROLS = "".join(map(chr, range(0x80, 0xA0)))
ASCII = "".join(map(chr, range(0x80)))

ARMENIAN = (
    ASCII + CONTROLS + "\xa0❁§։)(»«—.՝,-՟…՜՛՞"
    "ԱաԲբԳգԴդԵեԶզԷէԸըԹթԺժԻիԼլԽխԾծԿկՀհՁձՂղՃճՄմՅյՆնՇշՈոՉչՊպՋջՌռՍսՎվՏտՐրՑցՒւՓփՔքՕօՖֆ’'"
)
DEC = ASCII + CONTROLS + (
    "\xa0¡¢£?¥?§¤©ª«????°±²³?µ¶·?¹º»¼½?¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ?ÑÒÓÔÕÖŒØÙÚÛÜŸ?ßàáâãäåæçèéêëìíîï?ñòóôõöœøùúûüÿ??"
).replace("?", UNKNOWN)  # fmt: skip
GEORGIAN = ASCII + (
    "€?‚?„…†‡?‰?‹?????‘’“”•–—???›????\xa0¡¢£¤¥¦§¨©ª«¬\xad®¯°±²³´µ¶·¸¹º»¼½¾¿"
    "აბგდევზჱთიკლმნჲოპჟრსტჳუფქღყშჩცძწჭხჴჯჰჵ???????????????????????№??"
).replace("?", UNKNOWN)  # fmt: skip
HP = ASCII + CONTROLS + (
    "\xa0ÀÂÈÊËÎÏ´ˋˆ¨˜ÙÛ₤¯Ýý°ÇçÑñ¡¿¤£¥§ƒ¢âêôûáéóúàèòùäëöüÅîØÆåíøæÄìÖÜÉïßÔÁÃãÐðÍÌÓÒÕõŠšÚŸÿÞþ"
    "·µ¶¾—¼½ªº«■»±?"
).replace("?", UNKNOWN)  # fmt: skip
KAMENICKY = ASCII + (
    "ČüéďäĎŤčěĚĹÍľĺÄÁÉžŽôöÓůÚýÖÜŠĽÝŘťáíóúňŇŮÔšřŕŔ¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
    "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xa0"
)
SWEDISH = ASCII[:127].translate(str.maketrans("@[\\]^`{|}~", "ÉÄÖÅÜéäöåü")) + UNKNOWN * 129

SINGLE_BYTE = {
    "armscii8": ARMENIAN,
    "dec8": DEC,
    "geostd8": GEORGIAN,
    "hp8": HP,
    "keybcs2": KAMENICKY,
    "swe7": SWEDISH,
}

PYTHON_SINGLE_BYTE: dict[str, tuple[str, dict[int, str]]] = {
    "ascii": ("ascii", {}),
    "cp1250": ("cp1250", {}),
    "cp1251": ("cp1251", {}),
    "cp1256": ("cp1256", {}),
    "cp1257": ("cp1257", {}),
    "cp850": ("cp850", {}),
    "cp852": ("cp852", {}),
    "cp866": ("cp866", {0xFC: "ⁿ", 0xFD: "²"}),
    "greek": ("iso8859_7", {0xA1: "ʽ", 0xA2: "ʼ"}),
    "hebrew": ("iso8859_8", {0xAF: "‾"}),
    "koi8r": ("koi8_r", {}),
    "koi8u": ("koi8_u", {0x95: "•"}),
    "latin1": ("cp1252", {byte: chr(byte) for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}),
    "latin2": ("iso8859_2", {}),
    "latin5": ("iso8859_9", {}),
    "latin7": ("iso8859_13", {}),
    "macce": ("mac_latin2", {}),
    "macroman": ("mac_roman", {}),
    "tis620": ("tis_620", {}),
}
"""Python's codec, and the bytes that the servers decode differently."""

CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ"
UNITS = "㍉㌔㌢㍍㌘㌧㌃㌶㍑㍗㌍㌦㌣㌫㍊㌻㎜㎝㎞㎎㎏㏄㎡"
ERAS = "㍻〝〟№㏍℡㊤㊥㊦㊧㊨㈱㈲㈹㍾㍽㍼≒≡∫∮∑√⊥∠∟⊿∵∩∪"
ROW_83 = "ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅠⅡ"
# Editors may normalise compatibility ideographs to others, hence the escapes.
ROW_84 = (
    "ⅢⅣⅤⅥⅦⅧⅨⅩ＇＂㈱№℡炻仼僴凬匇匤\ufa0e咊坙\ufa0f\ufa10增寬峵嵓"
    "\ufa11德悅愠敎昻晥\ufa12\uf929栁\ufa13\ufa14橫櫢淸淲瀨"
    "\ufa15\ufa16甁皂皞\ufa17礰\ufa18\ufa19\ufa1a\ufa1b"
    "竧\ufa1c\ufa1d綠緖\ufa1e荢\ufa1f薰\ufa20\ufa21蠇"
    "\ufa22譿賴赶\ufa23\ufa24\ufa25郞\ufa26鄕\ufa27"
    "\ufa28閒\uf9dc\ufa29霻靍靑\ufa2a\ufa2b\ufa2c馞髙魲"
    "\ufa2d黑"
)


def private_use() -> dict[bytes, str]:
    """The rows 85 to 94 of both planes of EUC-JP, which are for everybody's own characters."""
    rows = [(plane, row) for plane in (b"", b"\x8f") for row in range(0xF5, 0xFF)]
    cells = [plane + bytes((row, cell)) for plane, row in rows for cell in range(0xA1, 0xFF)]
    return {cell: chr(0xE000 + index) for index, cell in enumerate(cells)}


def japanese() -> dict[bytes, str]:
    """What eucjpms has beyond EUC-JP: the characters of NEC and IBM."""
    rows = (
        (b"\xad\xa1", CIRCLED),
        (b"\xad\xc0", UNITS),
        (b"\xad\xdf", ERAS),
        (b"\x8f\xf3\xf3", ROW_83),
        (b"\x8f\xf4\xa1", ROW_84),
    )
    return private_use() | {
        first[:-1] + bytes((first[-1] + index,)): character
        for first, characters in rows
        for index, character in enumerate(characters)
    }


FURTHER = {
    "big5": {b"\xf9" + bytes((0xD6 + i,)): one for i, one in enumerate("碁銹裏墻恒粧嫺")},
    "ujis": private_use(),
    "eucjpms": japanese(),
}
"""Characters of multi-byte sets that Python's codec of the set does not know."""

OTHERWISE = {
    "sjis": {"＼": "\\"},
    "ujis": {"＼": "\\"},
    "eucjpms": dict(zip("〜‖−¢£¬¦", "～∥－￠￡￢￤", strict=True)),
    "gb18030": {"\ue7c7": "ḿ", "ḿ": "\ue7c7"},
}
"""Characters of Python's codec, and those that the servers decode instead."""
