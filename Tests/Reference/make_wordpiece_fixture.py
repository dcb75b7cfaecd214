"""Makes Tests/TextTests/WordPiece: a small vocabulary, 2,000 lines of text, and their word pieces by Hugging Face's tokenizer.

Usage: make_wordpiece_fixture.py FOLDER [--check VOCABULARY], with `tokenizers` installed. --check compares nothing but prints
the ids by another vocabulary. The lines are put together from words below by a counter, so that they are the same every time.
"""

import pathlib
import sys

from tokenizers import BertWordPieceTokenizer

ENGLISH = """the a of and voice speaks learns slowly over night while its owner sleeps training interrupted resumed checkpoint
morning river garden unbelievable reading quickly tomorrow's don't it's we're self-taught half-past O'Brien naïve café
Zürich Ångström façade coöperate résumé piñata Dvořák Łódź İstanbul STRASSE straße ﬁne œuvre e-mail U.S.A. 3.14 1,000
12:30 50% $9.99 #tag @home C++ a+b=c x^2 <tag> foo_bar ~approx `code` back\\slash {curly} [MASKED] (round) "quoted" 'single'
supercalifragilisticexpialidocious antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis""".split()
CHINESE = "今天 天气 很好 我们 一起 去 公园 散步 吧 声音 模型 正在 训练 请 不要 打断 它 明天 继续 學習 語音 合成 技術 中国 北京 上海 你好 世界 一二三四五 龍 鬱 㐀 𠀀 豈".split()
OTHER = "日本語 テスト ひらがな 한국어 음성 Привет мир Ёлка ЙОД Ελληνικά Σίσυφος ΌΣΟΣ עברית שָׁלוֹם العربية السَّلام हिन्दी ภาษาไทย Tiếng Việt ǅ ŉ".split()
EMOJI = "😀 👍🏽 👨‍👩‍👧 🇩🇪 ❤️ ☎ ™ © € £ ¥ § ¶ † ‰ № ½ ² ① Ⅷ ㍿ ﷺ ＡＢＣ １２３".split()
SPACES = [" ", "  ", "\t", "\u00a0", "\u2003", "\u3000", "\u200b", "\u00ad", "\u202f", " \u0301", "\ufeff", "\u0007", "\ufffd", "\u2028"]
MARKS = list(",.;:!?…—–-\"'()«»“”‘’„¿¡，。！？、；：（）《》「」·・/*&") + ["...", "?!", "--"]


def lines():
    state = 12345
    def draw(count):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 33) % count
    for index in range(2000):
        kind = index % 5
        pools = [[ENGLISH], [CHINESE], [ENGLISH, CHINESE], [ENGLISH, CHINESE, OTHER, EMOJI], [ENGLISH, OTHER]][kind]
        parts = []
        for _ in range(2 + draw(9)):
            pool = pools[draw(len(pools))]
            word = pool[draw(len(pool))]
            if draw(6) == 0:
                word = word.upper() if draw(2) else word.capitalize()
            parts.append(word)
            if draw(4) == 0:
                parts.append(MARKS[draw(len(MARKS))])
            if pool is not CHINESE or draw(3) == 0:
                parts.append(" " if draw(8) else SPACES[draw(len(SPACES))])
        yield "".join(parts).replace("\n", " ").replace("\u2028", " \u2028 ")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    texts = list(lines())
    trained = BertWordPieceTokenizer(lowercase=True)
    trained.train_from_iterator(texts, vocab_size=1400, min_frequency=2, show_progress=False)
    pieces = [piece for piece, _ in sorted(trained.get_vocab().items(), key=lambda item: item[1])]
    cased = BertWordPieceTokenizer(lowercase=False)
    cased.train_from_iterator(texts, vocab_size=1400, min_frequency=2, show_progress=False)
    known = set(pieces)
    pieces += sorted(piece for piece in cased.get_vocab() if piece not in known)
    (folder / "vocab.txt").write_text("".join(piece + "\n" for piece in pieces), encoding="utf-8")
    (folder / "lines.txt").write_text("".join(line + "\n" for line in texts), encoding="utf-8")
    for name, lowercase in (("uncased", True), ("cased", False)):
        tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=lowercase)
        rows = [tokenizer.encode(line, add_special_tokens=False).ids for line in texts]
        (folder / f"{name}.txt").write_text("".join(" ".join(map(str, row)) + "\n" for row in rows))


main()
