"""Sentences that an embedding model's graphs are compared over, in several scripts."""

SENTENCES = (
    "The harbour was quiet before the ferries began to run.",
    "How do I reset the password of my router?",
    "def read_json(path): return json.loads(path.read_bytes())",
    "Die Brücke über den Fluss wurde im Herbst gesperrt, weil das Eis den Pfeilern zusetzte.",
    "Il pleut depuis trois jours, et les escargots sont partout dans le jardin.",
    "¿Dónde está la estación de autobuses más cercana?",
    "Библиотека открыта до восьми часов вечера, кроме понедельника.",
    "Ο καφές κρυώνει όσο μιλάμε για τον καιρό.",  # noqa: RUF001
    "明日の会議は午後三時からに変更されました。",
    "他们在山脚下种了一千棵苹果树。",
    "오늘 저녁에는 국수를 먹기로 했습니다.",
    "القطار الأخير يغادر المحطة عند منتصف الليل.",
    "बारिश के बाद सड़क पर बहुत कीचड़ था।",
    "รถไฟขบวนนี้จอดทุกสถานี",
    "SELECT name, COUNT(*) FROM visits GROUP BY name HAVING COUNT(*) > 3;",
    "Two cups of flour, one egg, a pinch of salt; knead it until it no longer sticks. 🍞",
)
"""Made for this; of no one's text."""
