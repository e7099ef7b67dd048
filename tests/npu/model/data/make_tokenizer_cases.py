#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes tokenizer_cases.json: what OpenAI's tokenizer says, for tokenizer_test.cc.

    python3 -m venv venv && venv/bin/pip install tiktoken==0.14.0
    venv/bin/pip download --no-deps --no-binary :all: openai-whisper==20250625
    tar xf openai_whisper-20250625.tar.gz
    venv/bin/python make_tokenizer_cases.py openai_whisper-20250625 > tokenizer_cases.json

Only whisper/tokenizer.py and the vocabularies of the source distribution are used.
"""

import importlib.util
import json
import random
import sys

TEXTS = {
    "Empty": "",
    "OneSpace": " ",
    "English": "My fellow Americans, this day has brought terrible news.",
    "LeadingSpace": " And so, my fellow Americans",
    "Contractions": "I'm sure they've said it's what we'll do, don't you'd think we're 'tis 'S 'LL she's",
    "CurlyApostrophe": "I’m sure they’ve said it’s",
    "German": "Übermäßige Größe: Straßenverkehrsordnung, süß & scharf – „Zitat“.",
    "French": "L'été dernier, où étais-tu ? « Ça va » dit-elle ; l’œuvre d'Aïcha.",
    "Russian": "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.",
    "Chinese": "我们都是好孩子,今天天气很好。「你好」",
    "Japanese": "吾輩は猫である。名前はまだ無い。カタカナと漢字ー",
    "Korean": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "KoreanConjoining": "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "Arabic": "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق ٠١٢٣",
    "Hebrew": "כל בני האדם נולדו בני חורין ושווים בערכם",
    "Thai": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกัน",
    "Hindi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता",
    "Burmese": "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့်",
    "Emoji": "ok 👍🏽 family 👨‍👩‍👧‍👦 flag 🇩🇪 ☃️ 🎶♪♫",
    "CombiningMarks": "e\u0301 n\u0303o Z\u0351\u036b\u0343a\u0301\u0300lgo",
    "Digits": "1 23 456 7890 3.14159 1,000,000 ½ ² Ⅷ ١٢٣ १२३ 2nd A4 x²",
    "SpaceRuns": "a  b   c    d\t\te\n\nf\r\n g \n h   ",
    "OnlySpaces": "      ",
    "TrailingNewlines": "end.\n\n\n",
    "TabsBeforeWord": "\t\t\tword",
    "NoBreakSpaces": "a\u00a0b\u00a0\u00a0c \u00a0 d",
    "UnicodeSpaces": "a\u2003b\u2009\u2009c\u3000\u3000d\u1680e\u2028f\u2029g\u202fh\u205f i\u0085j",
    "ZeroWidthAndVowelSeparator": "a\u200bb\u180ec \ufeff d\u2060e",
    "ControlCharacters": "a\u0000b\u0001\u001b[0m\u007f \u001c\u001d\u001e\u001f x\u000b\u000cy",
    "Punctuation": "(hello) [world] {x} <<y>> -- --- ... ?! ;; #@$%^&*_+=~`|\\/",
    "Music": "♩♪♫♬♭♮♯ ♪♪ ♪♪♪",
    "Underscores": "snake_case_name __init__ CamelCaseName",
    "Mixed": "Preis: 12,50€ (≈$13.70), 価格は￥2000です。",
    "SpecialNamesAsText": " <|endoftext|> <|0.00|>".replace("<|", "< |"),
    "LongWord": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "RepeatedLetter": "a" * 70 + " " + "ha" * 40,
    "RepeatedSymbol": "=" * 100 + " " + "-" * 67,
    "SpacesLong": " " * 133 + "x",
    "PrivateUse": "\ue000 \U000f0000 \U0010ffff \ufffd \ufffe",
    "Mathematical": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙𝟚 ∑∫√",
    "CombiningFirst": "\u0301\u0301abc \u20d2",
    "LettersOtherScripts": "ⴰⵎⴰⵣⵉⵖ ᏣᎳᎩ ᐃᓄᒃᑎᑐᑦ 𐌰𐌱 ꯃꯩꯇꯩ",
    "TitleCaseAndModifiers": "ǅ ǈ ʰʷ ªº",
}

# Texts whose tokens are split into words; the reference cannot do all of them (see split()).
SPLITS = {
    "English": ("en", " Hello, world! It's 9 o'clock -- (really?) $5 \"quoted\" e.g. this."),
    "EnglishNoLeadingSpace": ("en", "Hello there"),
    "German": ("de", " Übermäßige Größe: „Zitat“ süß."),
    "Russian": ("ru", " Съешь же ещё этих мягких булок, да выпей чаю."),
    "Arabic": ("ar", " يولد جميع الناس أحراراً"),
    "Chinese": ("zh", "我们都是好孩子,今天天气很好。鼹鼱"),
    "Japanese": ("ja", "吾輩は猫である。鼹鼱♪"),
    "Thai": ("th", "มนุษย์ทั้งหลาย"),
    "Lao": ("lo", "ມະນຸດທຸກຄົນ"),
    "Burmese": ("my", "လူတိုင်းသည် တူညီ"),
    "Cantonese": ("yue", "人人生而自由"),
    "ChineseAsEnglish": ("en", " 我们 are 好孩子"),
    "Korean": ("ko", " 모든 인간은 태어날"),
    "Emoji": ("en", " ok 👍🏽 👨‍👩‍👧‍👦 done🎶"),
    "SpaceRuns": ("en", " a  b\n\nc \t d"),
    "ReplacementCharacter": ("en", " a\ufffdb \ufffd\ufffd c"),
    "UnicodeSpaceWords": ("en", " a\u3000b \u00a0 c\u2003"),
    "PunctuationRuns": ("en", " () [] !? ... ' \" -- )* ,- ./ :;"),
}


def load_tokenizer_module(folder):
    spec = importlib.util.spec_from_file_location("tokenizer", folder + "/whisper/tokenizer.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["tokenizer"] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


def split(tokenizer, ids):
    """Words and their ids, or None where the reference fails or loses tokens."""
    try:
        words, tokens = tokenizer.split_to_word_tokens(ids)
    except IndexError:
        return None
    if sum(tokens, []) != ids:
        return None
    return {"words": words, "tokens": tokens}


def random_ids(tokenizer, generator, count):
    """Mostly text, some special ids, many of them pieces of characters."""
    partial = [i for i in range(256) if i >= 94]
    ids = []
    for _ in range(count):
        kind = generator.random()
        if kind < 0.6:
            ids.append(generator.randrange(tokenizer.eot))
        elif kind < 0.9:
            ids.append(generator.choice(partial))
        else:
            ids.append(generator.randrange(tokenizer.eot, tokenizer.timestamp_begin + 1501))
    return ids


def main():
    module = load_tokenizer_module(sys.argv[1])
    kinds = {
        "en": module.get_tokenizer(False),
        "multilingual": module.get_tokenizer(True, num_languages=99),
        "v3": module.get_tokenizer(True, num_languages=100),
    }
    out = {
        "encode": [
            {"name": name, "text": text}
            | {kind: kinds[kind].encoding.encode_ordinary(text) for kind in ("en", "multilingual")}
            for name, text in TEXTS.items()
        ],
        "split": [],
        "decode": [],
        "utf8": [],
        "special": {},
        "languages": list(module.LANGUAGES.items()),
        "names": list(module.TO_LANGUAGE_CODE.items()),
    }
    for kind, tokenizer in kinds.items():
        out["special"][kind] = {
            "end_of_text": tokenizer.eot,
            "start_of_transcript": tokenizer.sot,
            "translate": tokenizer.translate,
            "transcribe": tokenizer.transcribe,
            "start_of_lm": tokenizer.sot_lm,
            "start_of_prev": tokenizer.sot_prev,
            "no_speech": tokenizer.no_speech,
            "no_timestamps": tokenizer.no_timestamps,
            "timestamp_begin": tokenizer.timestamp_begin,
            "first_language": tokenizer.to_language_token("en"),
            "languages": len(tokenizer.all_language_tokens),
            "non_speech": tokenizer.non_speech_tokens,
        }
    for name, (language, text) in SPLITS.items():
        tokenizer = module.get_tokenizer(True, num_languages=100, language=language)
        ids = tokenizer.encode(text) + [tokenizer.eot]
        answer = split(tokenizer, ids)
        assert answer, name
        out["split"].append({"name": name, "language": language, "ids": ids} | answer)
    generator = random.Random(20250625)
    for language in ("en", "ja"):
        tokenizer = module.get_tokenizer(True, num_languages=100, language=language)
        kept = 0
        while kept < 60:
            ids = random_ids(tokenizer, generator, generator.randrange(1, 9))
            answer = split(tokenizer, ids)
            if not answer or "\ufffd" not in tokenizer.decode_with_timestamps(ids) and kept >= 20:
                continue
            kept += 1
            out["split"].append(
                {"name": f"Random{language}{kept}", "language": language, "ids": ids} | answer)
    for kind in ("en", "v3"):
        for number in range(60):
            ids = random_ids(kinds[kind], generator, generator.randrange(1, 12))
            text_ids = [i for i in ids if i < kinds[kind].eot]
            out["decode"].append({
                "name": f"{kind}{number}",
                "vocabulary": kind,
                "ids": ids,
                "text": kinds[kind].decode(text_ids),
                "with_timestamps": kinds[kind].decode_with_timestamps(ids),
            })
    broken = [b"\x80", b"\xc0\x80", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xe2\x82 x", b"\xe0\x80\x80",
              b"\xed\xa0\x80", b"\xed\x9f\xbf", b"\xef\xbf\xbd", b"\xf0\x9f\x98", b"\xf0\x80\x80\x80",
              b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xff\xfe", b"\xf0\x9f\xf0\x9f\x98\x80"]
    alphabet = [0x20, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed,
                0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff]
    broken += [bytes(generator.choice(alphabet) for _ in range(generator.randrange(1, 10)))
               for _ in range(200)]
    out["utf8"] = [{"hex": raw.hex(), "text": raw.decode("utf-8", errors="replace")} for raw in broken]
    print("{")
    for number, (key, value) in enumerate(out.items()):
        rows = value.items() if isinstance(value, dict) else value
        if isinstance(value, dict):
            body = ",\n".join(json.dumps(k) + ": " + json.dumps(v) for k, v in rows)
            body = "{\n" + body + "}"
        else:
            body = "[\n" + ",\n".join(json.dumps(row) for row in rows) + "]"
        print(json.dumps(key) + ": " + body + ("," if number + 1 < len(out) else ""))
    print("}")


if __name__ == "__main__":
    main()
