"""Two hundred texts of many kinds: what the text encoders' parity is tested on."""

# ruff: noqa: RUF001
from __future__ import annotations

LANGUAGES = """\
The ferry leaves at six in the morning and returns after dark.
My grandmother kept bees behind the old barn for forty years.
Is there a pharmacy near the station that opens on Sundays?
The committee postponed its decision until the auditors report.
Der Zug nach Basel hat wegen Nebels eine halbe Stunde Verspätung.
Wo finde ich die Bedienungsanleitung für diese Waschmaschine?
Das Kind zählte die Störche auf dem Dach der Kirche.
Übermorgen fällt die Vorlesung über Größenordnungen aus.
Le boulanger ferme plus tôt le mercredi, sauf en été.
Où puis-je acheter des billets pour le spectacle de ce soir ?
La rivière a débordé deux fois depuis l'automne.
Elle a traduit le poème sans jamais avoir vu la mer.
El perro del vecino ladra cuando pasa el cartero.
¿Cuánto cuesta enviar un paquete a la isla?
Mañana inauguran la nueva biblioteca del barrio.
La nieve cubrió los olivos por primera vez en décadas.
Il gatto dorme sul davanzale quando c'è il sole.
Perché il museo è chiuso il lunedì?
Ho dimenticato le chiavi nella giacca verde.
Os pescadores voltaram antes da tempestade.
Não sei onde deixei os óculos de leitura.
A padaria da esquina faz o melhor pão da cidade.
De dijk werd verhoogd na de overstroming van vorig jaar.
Waar kan ik mijn fiets laten repareren?
Vi flyttade till en mindre lägenhet förra våren.
Älgen stod stilla mitt på vägen.
Kde je nejbližší zastávka tramvaje?
Příliš žluťoučký kůň úpěl ďábelské ódy.
Zażółć gęślą jaźń, powiedział nauczyciel z uśmiechem.
Deszcz padał przez całą noc i rano drogi były nieprzejezdne.
Kar yağınca köy yolları kapanıyor.
Kütüphane akşam sekize kadar açık.
Con đường ven biển đang được sửa chữa.
Bạn có thể cho tôi mượn một cây bút không?
Pasar malam dibuka setiap hari Jumat.
Anak-anak bermain layang-layang di lapangan.
Поезд до Казани отправляется с третьего пути.
Где можно купить свежий хлеб?
Бабушка рассказывала о жизни в деревне до войны.
Учёные измерили глубину озера новым способом.
Де знаходиться найближча аптека?
Снегът затвори прохода за два дни.
Τα παιδιά έπαιζαν στην πλατεία μέχρι αργά.
Πού είναι η στάση του λεωφορείου;
הספרייה נסגרת בשעה שבע בערב.
איפה אפשר לקנות כרטיסים לרכבת?
أين أقرب محطة للحافلات من هنا؟
هطلت الأمطار بغزارة طوال الليل.
كتبت الطالبة رسالة طويلة إلى معلمتها القديمة.
کتابخانه تا ساعت هشت شب باز است.
لائبریری اتوار کو بند رہتی ہے۔
पुस्तकालय रविवार को बंद रहता है।
क्या यहाँ पास में कोई अच्छा भोजनालय है?
बच्चे नदी के किनारे पतंग उड़ा रहे थे।
গ্রন্থাগারটি রবিবার বন্ধ থাকে।
நூலகம் ஞாயிற்றுக்கிழமை மூடப்பட்டிருக்கும்.
గ్రంథాలయం ఆదివారం మూసి ఉంటుంది.
ಗ್ರಂಥಾಲಯ ಭಾನುವಾರ ಮುಚ್ಚಿರುತ್ತದೆ.
ലൈബ്രറി ഞായറാഴ്ച അടച്ചിരിക്കും.
ห้องสมุดปิดทุกวันอาทิตย์
รถเมล์สายนี้ไปตลาดหรือเปล่า
ຫ້ອງສະໝຸດປິດໃນວັນອາທິດ
စာကြည့်တိုက်သည် တနင်္ဂနွေနေ့တွင် ပိတ်သည်။
បណ្ណាល័យបិទនៅថ្ងៃអាទិត្យ។
ბიბლიოთეკა კვირას დაკეტილია.
Գրադարանը կիրակի օրը փակ է։
ቤተ መጻሕፍቱ እሑድ ዝግ ነው።
图书馆星期天不开门。
请问去火车站怎么走?
山上的樱花比往年早开了两个星期。
他把旧自行车修好,送给了邻居的孩子。
圖書館星期天不開放。
颱風過後,港口的漁船全都平安。
図書館は日曜日に閉まっています。
駅までどうやって行けばいいですか?
祖父の時計は今も正確に時を刻んでいる。
カタカナとひらがなを混ぜた、少し長めの文章です。
도서관은 일요일에 문을 닫습니다.
기차역까지 어떻게 가나요?
할머니는 매일 아침 텃밭에 물을 주셨다.
""".splitlines()

CODE = [
    "def fibonacci(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n"
    "    return a",
    "for (int i = 0; i < n; ++i) sum += values[i] * weights[i];",
    "SELECT title, AVG(stars) FROM reviews GROUP BY title ORDER BY 2 DESC LIMIT 10;",
    "template <typename T>\nT clamp(T x, T lo, T hi) { return std::min(std::max(x, lo), hi); }",
    "curl -fsSL https://example.org/install.sh | sh -s -- --prefix=$HOME/.local",
    'fn main() -> Result<(), Box<dyn Error>> { println!("{}", read()?); Ok(()) }',
    "const total = items.reduce((sum, { price, count }) => sum + price * count, 0);",
    "public static void main(String[] args) throws IOException { }",
    "^(?:[a-z0-9!#$%&'*+/=?^_`{|}~-]+@(?:[a-z0-9-]+\\.)+[a-z]{2,})$",
    '{"name": "kettle", "watts": 2200, "tags": ["kitchen", null, true]}',
    '<div class="card"><h2>Offers</h2><p>None today.</p></div>',
    "git rebase --onto main feature~3 feature && git push --force-with-lease",
    "import numpy as np; x = np.linspace(0, 1, 11)[:, None] @ np.ones((1, 3))",
    "E = mc^2, \\int_0^\\infty e^{-x^2} dx = \\frac{\\sqrt{\\pi}}{2}",
    "0x7fff5fbff8a8 0b1011 1e-12 3.14159265358979 -0 +∞ NaN",
    "C:\\Users\\Ana\\Documents\\report (final) v2.docx",
    "https://example.org/a/b?q=caf%C3%A9&lang=pt-BR#section-4",
    "2026-11-25T14:03:59Z ERROR worker[7]: lost connection to 10.0.0.12:5432",
    "x" * 300,
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
]

ODD = [
    "",
    " ",
    "\n\t \r\n",
    ".",
    "?!?!?!",
    "a",
    "42",
    "🍞",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇵🇹 ☕️ 😀😀😀",
    "ｆｕｌｌｗｉｄｔｈ ＬＡＴＩＮ １２３",
    "é (precomposed), e\u0301 (combining), e\u0301\u0302\u0303 (more)",
    "zero\u200bwidth\u200djoiner and\u00adsoft hyphen and\ufeffmark",
    "right \u202eto left\u202c override",
    "control \x00\x01\x07 characters \x1b[31mred\x1b[0m",
    "unassigned \U000e0fff, private \ue000, replacement \ufffd",
    "[CLS] [SEP] [MASK] [PAD] [UNK]",
    "the [MASK] sat on the mat",
    "##ing ##s ##",
    "İstanbul IĞDIR ıssız ŞEKER straße STRASSE ΣΊΣΥΦΟΣ",
    "Ｔｈｅ “quoted” — dashed – text … and ‹more› «quotes»",
    "１００％ ５０℃ ㎏ ㍿ Ⅷ ½ ②",
    "𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𝓈𝒸𝓇𝒾𝓅𝓉 𝟙𝟚𝟛",
    "한국어和日本語mixed with עברית and العربية",
    "no-break\u00a0space\u2003em\u3000ideographic",
    "\N{MUSICAL SYMBOL G CLEF} \N{OLD PERSIAN SIGN A} \N{LINEAR B SYLLABLE B008 A}",
    "NOT ALL CAPS IS SHOUTING; SOME IS A HEADLINE",
    "cAmElCaSe and snake_case and kebab-case and SCREAMING_CASE",
    "trailing spaces      ",
    "      leading spaces",
    "tabs\tand\nnew\nlines\r\nof every\x0bkind\x0c",
    "$1,234.56 €99 ¥8000 ₹450 ₿0.001 £7",
]

_WORDS = """\
stone river lantern quiet market window copper harvest letter garden winter signal bridge
paper kettle shadow ladder orchard silver thread morning engine valley pocket island mirror
""".split()  # noqa: SIM905


def words(count: int, step: int = 7) -> str:
    """So many words, the order of which is not a period of a few."""
    return " ".join(_WORDS[(i * i + step * i) % len(_WORDS)] for i in range(count))


LADDER = [words(n, step) for step, n in enumerate([*range(1, 41), 60, 62, 64, 90, 124, 126, 128])]
"""Around and between the lengths of graphs."""

LONG = [
    words(200),
    words(254),
    words(255),
    words(300),
    words(1000),
    words(10_000),
    words(10_000, step=3),
    "长" * 700,
    " ".join(LANGUAGES),
    "\n\n".join(CODE),
    "🙂" * 1000,
    "word. " * 10_000,
]

MADE = [
    f"{subject} {verb} {what}."
    for subject, verb in (
        ("A tired nurse", "explains"),
        ("The new captain", "forgets"),
    )
    for what in (
        "how tides work",
        "the third rule of chess",
        "why bread rises",
        "a song nobody else remembers",
        "the price of copper in 1921",
    )
]

TEXTS = [*LANGUAGES, *CODE, *ODD, *LADDER, *LONG, *MADE]
