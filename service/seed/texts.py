"""The words that seeded rows are made of, in the scripts and money of six countries."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of a currency: spread around a median, in whole steps less the ending."""

    currency: str
    median_minor: int
    step_minor: int
    ending_minor: int = 0


EUR = Prices("EUR", 18_00, 50, 1)
USD = Prices("USD", 20_00, 1_00, 1)
IRR = Prices("IRR", 4_500_000_00, 50_000_00)
JPY = Prices("JPY", 2_800, 10)
KWD = Prices("KWD", 6_500, 250)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Products of one language; the pattern puts the words into its order."""

    code: str
    prices: Prices
    pattern: str
    nouns: tuple[str, ...]
    origins: tuple[str, ...]
    qualities: tuple[str, ...]
    sizes: tuple[str, ...]
    description: str


SHELVES = (
    Shelf(
        "FA", IRR, "{noun} {origin} {quality}، {size}",
        ("چای سیاه", "زعفران", "پستهٔ اکبری", "گلاب", "برنج هاشمی", "عسل کوهستان", "خرمای مضافتی",
         "گز آردی", "سوهان", "لواشک خانگی", "زرشک", "آلوبخارا", "بادام‌زمینی", "نان‌خرمایی"),
        ("لاهیجان", "قائنات", "کاشان", "اصفهان", "یزد", "رفسنجان", "کرمانشاه", "بم", "گیلان",
         "تبریز"),
        ("ممتاز", "درجه‌یک", "صادراتی", "ارگانیک", "تازه", "دست‌چین"),
        ("۱۰۰ گرم", "۲۵۰ گرم", "۵۰۰ گرم", "۱ کیلوگرم", "بستهٔ ۳تایی"),
        "{noun} {origin} با کیفیت {quality}. بسته‌بندی {size}؛ دور از نور و رطوبت نگه‌داری شود.",
    ),
    Shelf(
        "DE", EUR, "{quality} {noun} {origin}, {size}",
        ("Müsli", "Gewürzbrot", "Blütenhonig", "Käsewürfel", "Quittengelee", "Kürbiskernöl",
         "Röstkaffee", "Früchtetee", "Weißweinessig", "Nussstückchen"),
        ("aus Thüringen", "aus Köln", "vom Bodensee", "aus Südtirol", "von Rügen",
         "aus Österreich"),
        ("Bio:", "Hausgemacht:", "Saison:", "Neu:"),
        ("125 g", "250 g", "500 g", "1 kg", "0,5 l"),
        "{noun} {origin}: schonend hergestellt, ohne Zusätze. Inhalt {size}. Bitte trocken lagern.",
    ),
    Shelf(
        "FR", EUR, "{noun} {origin} {quality}, {size}",
        ("Thé à la bergamote", "Crème de marrons", "Pâté végétal", "Gelée de coings", "Nougat",
         "Café torréfié", "Huile d’olive", "Sablés à la fleur d’oranger", "Miel de châtaignier"),
        ("d’Ardèche", "de Besançon", "du Périgord", "de Nîmes", "des Cévennes", "de l’Hérault"),
        ("à l’ancienne", "fait main", "sélection", "sans sucres ajoutés"),
        ("100 g", "200 g", "350 g", "75 cl", "lot de 3"),
        "{noun} {origin}, {quality}. Conditionné à la récolte ; à déguster dans l’année. {size}.",
    ),
    Shelf(
        "EN", USD, "{quality} {noun} {origin}, {size}",
        ("Breakfast Tea", "Wildflower Honey", "Rye Crackers", "Cold Brew", "Orange Marmalade",
         "Sea Salt", "Peanut Butter", "Maple Granola", "Dried Apricots", "Ginger Cookies"),
        ("from Vermont", "from Cornwall", "from Darjeeling", "from Oregon", "from Galway"),
        ("Organic", "Small-Batch", "Naïve Foods", "Jalapeño", "Classic", "Extra-Fine"),
        ("4 oz", "8 oz", "12 oz", "1 lb", "3-pack"),
        "{noun} {origin}, {size}. Made in small batches and packed by hand; keep in a dry place.",
    ),
    Shelf(
        "AR", KWD, "{noun} {quality} {origin}، {size}",
        ("تمر مجدول", "قهوة عربية", "عسل سدر", "زعتر", "بهارات مشكلة", "حلاوة طحينية", "ماء ورد"),
        ("من المدينة", "من اليمن", "من الشام", "من البصرة"),
        ("فاخر", "طبيعي", "طازج", "ممتاز"),
        ("٢٥٠ غ", "٥٠٠ غ", "١ كغ"),
        "{noun} {origin}، {size}. يحفظ في مكان بارد وجاف.",
    ),
    Shelf(
        "JA", JPY, "{origin}{quality}{noun} {size}",
        ("抹茶", "煎茶", "味噌", "醤油", "海苔", "羊羹", "ほうじ茶", "せんべい", "ゆずジャム"),
        ("宇治", "京都", "静岡", "北海道", "鹿児島", "信州"),
        ("特選", "有機", "手作り", "新"),
        ("50g", "100g", "200g", "3個セット"),
        "{origin}の{noun}。{size}。直射日光を避けて保存してください。",
    ),
)  # fmt: skip

# Some are several code points joined: a flag, a skin tone, a woman farmer, a variation selector.
EMOJI = ("🍵", "🍯", "☕️", "🎁", "✨", "🌿", "🇮🇷", "👩🏽‍🌾", "🥜", "❤️‍🔥")


@dataclass(frozen=True, slots=True)
class Residents:
    """People of one country, each name with its Latin spelling for e-mail addresses."""

    country: str
    full_name: str
    given: dict[str, str]
    family: dict[str, str]
    street: str
    streets: tuple[str, ...]
    cities: dict[str, str]
    """Each city with the beginning of its postal codes."""
    postal_length: int
    greeting: tuple[str, str]


IRAN = Residents(
    "IR", "{given} {family}",
    {"سارا": "sara", "امید": "omid", "نیلوفر": "niloufar", "کیان": "kian", "مریم": "maryam",
     "علیرضا": "alireza", "پریسا": "parisa", "بهرام": "bahram", "شیرین": "shirin", "آرش": "arash"},
    {"احمدی": "ahmadi", "رضایی": "rezaei", "کریمی": "karimi", "موسوی": "mousavi",
     "حسین‌زاده": "hosseinzadeh", "جعفری": "jafari", "صادقی": "sadeghi", "نوری": "nouri"},
    "خیابان {street}، پلاک {number}",
    ("ولی‌عصر", "انقلاب", "شریعتی", "چهارباغ", "امام خمینی", "حافظ", "سعدی"),
    {"تهران": "14155", "اصفهان": "81465", "شیراز": "71345", "تبریز": "51335", "رشت": "41335"},
    10,
    ("خوش آمدید 🌱", "از اینکه به فروشگاه ما پیوستید خوشحالیم."),
)  # fmt: skip
GERMANY = Residents(
    "DE", "{given} {family}",
    {"Jürgen": "juergen", "Käthe": "kaethe", "Sören": "soeren", "Lena": "lena", "Björn": "bjoern"},
    {"Müller": "mueller", "Weiß": "weiss", "Schäfer": "schaefer", "Krüger": "krueger"},
    "{street} {number}",
    ("Königsallee", "Hauptstraße", "Goethestraße", "Am Mühlbach", "Schloßplatz"),
    {"Köln": "50", "München": "80", "Düsseldorf": "40", "Lübeck": "23"},
    5,
    ("Willkommen! 👋", "Schön, dass Sie da sind."),
)  # fmt: skip
FRANCE = Residents(
    "FR", "{given} {family}",
    {"Zoé": "zoe", "François": "francois", "Anaïs": "anais", "Noël": "noel", "Hélène": "helene"},
    {"Lefèvre": "lefevre", "Béranger": "beranger", "Gérard": "gerard", "D’Aubigné": "daubigne"},
    "{number} {street}",
    ("rue de la Paix", "avenue de l’Opéra", "place du Marché", "quai Saint-Michel"),
    {"Paris": "75", "Besançon": "25", "Nîmes": "30", "Orléans": "45"},
    5,
    ("Bienvenue ! ✨", "Votre compte est prêt."),
)  # fmt: skip
UNITED_STATES = Residents(
    "US", "{given} {family}",
    {"José": "jose", "Emily": "emily", "Chloë": "chloe", "Marcus": "marcus", "Grace": "grace"},
    {"O’Neill": "oneill", "Nuñez": "nunez", "Walker": "walker", "Brontë": "bronte"},
    "{number} {street}",
    ("Maple Avenue", "Main Street", "Ocean Boulevard", "Peachtree Road"),
    {"Burlington": "054", "Portland": "972", "San José": "951", "Brooklyn": "112"},
    5,
    ("Welcome! 🎉", "Your account is ready. Enjoy the shop."),
)  # fmt: skip
KUWAIT = Residents(
    "KW", "{given} {family}",
    {"فاطمة": "fatima", "خالد": "khaled", "نورة": "noura", "يوسف": "yousef"},
    {"العنزي": "alenezi", "المطيري": "almutairi", "الرشيدي": "alrashidi"},
    "شارع {street}، {number}",
    ("الخليج العربي", "سالم المبارك", "فهد السالم"),
    {"الكويت": "13", "السالمية": "22", "حولي": "32"},
    5,
    ("أهلاً وسهلاً 🌙", "تم إنشاء حسابك."),
)  # fmt: skip
JAPAN = Residents(
    "JP", "{family} {given}",
    {"さくら": "sakura", "健太": "kenta", "美咲": "misaki", "翔": "sho"},
    {"佐藤": "sato", "鈴木": "suzuki", "高橋": "takahashi", "髙田": "takada"},
    "{street}{number}番地",
    ("中央", "本町", "桜丘", "緑町"),
    {"東京": "100-", "京都": "600-", "札幌": "060-", "静岡": "420-"},
    8,
    ("ようこそ 🌸", "ご登録ありがとうございます。"),
)  # fmt: skip
RESIDENTS = (IRAN, GERMANY, IRAN, FRANCE, IRAN, UNITED_STATES, JAPAN, IRAN, KUWAIT)
"""Whose names the users bear, in turn; Iran is where most of them live."""

REVIEWS: dict[int, tuple[tuple[str, str], ...]] = {
    5: (
        ("عالی بود 🌹", "تازه و خوش‌عطر؛ بسته‌بندی هم بی‌نقص بود. حتماً دوباره می‌خرم."),
        ("Wunderbar!", "Schnelle Lieferung, großartiger Geschmack."),
        ("Délicieux", "Exactement comme chez ma grand-mère. À recommander !"),
        ("Love it 😍", "Third order already. My family cannot get enough of it."),
        ("とても美味しい", "香りが素晴らしいです。また買います。"),
    ),
    4: (
        ("خوب", "کیفیت خوب است، فقط کمی دیر رسید."),
        ("Sehr gut", "Etwas teuer, aber das Geld wert."),
        ("ممتاز", "الطعم رائع والتغليف جيد."),
        ("Really good", "A little sweeter than I expected, still lovely."),
    ),
    3: (
        ("معمولی", "نه خوب، نه بد. به قیمتش می‌ارزد."),
        ("Correct", "Rien d’extraordinaire, mais ça va."),
        ("It is okay 🤷", ""),
    ),
    2: (
        ("انتظارم بیشتر بود", "طعمش با دفعهٔ قبل فرق داشت."),
        ("Naja", "Die Verpackung war beschädigt."),
    ),
    1: (
        ("پشیمان شدم 😞", "بسته باز شده بود."),
        ("Disappointed", "Arrived late and stale."),
    ),
}
