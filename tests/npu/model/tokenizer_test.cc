// SPDX-License-Identifier: LGPL-2.1-or-later
// The tokenizer against OpenAI's: data/tokenizer_cases.json holds what theirs says.
#include "model/tokenizer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "model/utf8.h"
#include "vocabulary.h"

namespace npu {
namespace {

using Json = nlohmann::json;

const Json& cases() {
  static const Json json =
      Json::parse(std::ifstream(std::string(NPU_MODEL_TEST_DATA) + "/tokenizer_cases.json"));
  return json;
}

int vocabulary_of(const std::string& kind) {
  if (kind == "en") return 51864;
  return kind == "v3" ? 51866 : 51865;
}

// One per vocabulary and process; nullptr without a model that has it.
const Tokenizer* tokenizer(int vocabulary) {
  static std::map<int, std::unique_ptr<Tokenizer>> known;
  auto& entry = known[vocabulary];
  if (!entry) {
    TokenBytes tokens = testing::find_tokens(vocabulary);
    if (tokens.empty()) return nullptr;
    auto made = Tokenizer::create(std::move(tokens), vocabulary);
    EXPECT_TRUE(made) << made.error().message;
    if (made) entry = std::move(*made);
  }
  return entry.get();
}

#define REQUIRE_TOKENIZER(name, vocabulary)      \
  const Tokenizer* name = tokenizer(vocabulary); \
  if (!name) GTEST_SKIP() << "needs a model with this vocabulary (-Dmodel=PATH or -Dcorpus=PATH)"

#define REQUIRE_GOLDEN() \
  if (testing::corpus_folder().empty()) GTEST_SKIP() << "needs the corpus (-Dcorpus=PATH)"

// Valid vocabularies without meaning: the 256 bytes, then numbers as text.
TokenBytes made_up_tokens(int vocabulary) {
  TokenBytes tokens(static_cast<size_t>(special_tokens(vocabulary).end_of_text));
  for (size_t id = 0; id < tokens.size(); ++id) {
    tokens[id] = id < 256 ? std::string(1, static_cast<char>(id)) : "~" + std::to_string(id);
  }
  return tokens;
}

std::string joined(const std::vector<int>& ids) {
  std::string out;
  for (const int id : ids) out += std::to_string(id) + " ";
  return out;
}

TEST(SpecialTokens, HaveTheIdsOfTheReference) {
  for (const auto& [kind, expected] : cases()["special"].items()) {
    const SpecialTokens special = special_tokens(vocabulary_of(kind));
    EXPECT_EQ(special.end_of_text, expected["end_of_text"]) << kind;
    EXPECT_EQ(special.start_of_transcript, expected["start_of_transcript"]) << kind;
    EXPECT_EQ(special.first_language, expected["first_language"]) << kind;
    EXPECT_EQ(special.languages, expected["languages"]) << kind;
    EXPECT_EQ(special.translate, expected["translate"]) << kind;
    EXPECT_EQ(special.transcribe, expected["transcribe"]) << kind;
    EXPECT_EQ(special.start_of_lm, expected["start_of_lm"]) << kind;
    EXPECT_EQ(special.start_of_prev, expected["start_of_prev"]) << kind;
    EXPECT_EQ(special.no_speech, expected["no_speech"]) << kind;
    EXPECT_EQ(special.no_timestamps, expected["no_timestamps"]) << kind;
    EXPECT_EQ(special.timestamp_begin, expected["timestamp_begin"]) << kind;
    EXPECT_EQ(special.timestamp_begin + 1501, vocabulary_of(kind)) << kind;
  }
}

TEST(Tokenizer, RefusesAVocabularyOfAnotherSize) {
  const auto made = Tokenizer::create(made_up_tokens(51865), 51867);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kBadModel);
  EXPECT_NE(made.error().message.find("51867"), std::string::npos) << made.error().message;
}

TEST(Tokenizer, RefusesTokensThatDoNotFitTheVocabulary) {
  for (const int vocabulary : {51864, 51865, 51866}) {
    TokenBytes tokens = made_up_tokens(vocabulary);
    ASSERT_TRUE(Tokenizer::create(tokens, vocabulary));
    tokens.pop_back();
    const auto made = Tokenizer::create(tokens, vocabulary);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::kBadModel);
    EXPECT_NE(made.error().message.find(std::to_string(tokens.size())), std::string::npos);
  }
}

TEST(Tokenizer, RefusesAVocabularyThatLacksAByte) {
  TokenBytes tokens = made_up_tokens(51865);
  tokens[200] = "twice";
  const auto made = Tokenizer::create(tokens, 51865);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kBadModel);
  EXPECT_NE(made.error().message.find("200"), std::string::npos) << made.error().message;
}

TEST(Tokenizer, EncodesAsTheReference) {
  for (const char* kind : {"en", "multilingual"}) {
    REQUIRE_TOKENIZER(t, vocabulary_of(kind));
    for (const Json& row : cases()["encode"]) {
      EXPECT_EQ(t->encode(row["text"].get<std::string>()), row[kind].get<std::vector<int>>())
          << kind << " " << row["name"];
    }
  }
}

TEST(Tokenizer, HasTheSameIdsOutOfEveryModelFile) {
  const auto paths = testing::model_paths();
  if (paths.empty()) GTEST_SKIP() << "needs a model (-Dmodel=PATH or -Dcorpus=PATH)";
  for (const auto& path : paths) {
    const auto file = open_model_file(path.string());
    ASSERT_TRUE(file) << file.error().message;
    TokenBytes tokens = (*file)->take_tokens();
    if (tokens.empty()) continue;  // one of the corpus comes without a vocabulary
    const auto made = Tokenizer::create(std::move(tokens), (*file)->dims().vocabulary);
    ASSERT_TRUE(made) << path << ": " << made.error().message;
    const char* kind = (*made)->multilingual() ? "multilingual" : "en";
    for (const Json& row : cases()["encode"]) {
      EXPECT_EQ((*made)->encode(row["text"].get<std::string>()), row[kind].get<std::vector<int>>())
          << path << " " << row["name"];
    }
  }
}

TEST(Tokenizer, DecodesWhatItEncoded) {
  for (const char* kind : {"en", "multilingual", "v3"}) {
    REQUIRE_TOKENIZER(t, vocabulary_of(kind));
    for (const Json& row : cases()["encode"]) {
      const std::string text = row["text"];
      EXPECT_EQ(t->decode(t->encode(text)), text) << kind << " " << row["name"];
    }
  }
}

TEST(Tokenizer, EncodesInvalidUtf8AsItIs) {
  REQUIRE_TOKENIZER(t, 51865);
  for (const Json& row : cases()["utf8"]) {
    const std::string hex = row["hex"];
    std::string raw = "ab ";
    for (size_t i = 0; i < hex.size(); i += 2) {
      raw += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    raw += " cd";
    std::string back;
    for (const int id : t->encode(raw)) back += t->bytes(id);
    EXPECT_EQ(back, raw) << hex;
  }
}

TEST(Tokenizer, KeepsTextAroundInvalidBytesAsItWouldBeAlone) {
  REQUIRE_TOKENIZER(t, 51865);
  std::vector<int> expected = t->encode(" Hello");
  const std::vector<int> after = t->encode(" world");
  expected.insert(expected.end(), {t->encode("\xff").front()});
  expected.insert(expected.end(), after.begin(), after.end());
  EXPECT_EQ(t->encode(" Hello\xff world"), expected);
}

TEST(Tokenizer, DecodesAsTheReference) {
  for (const Json& row : cases()["decode"]) {
    REQUIRE_TOKENIZER(t, vocabulary_of(row["vocabulary"]));
    const std::vector<int> ids = row["ids"];
    EXPECT_EQ(t->decode(ids), row["text"].get<std::string>()) << row["name"];
    EXPECT_EQ(t->decode_with_timestamps(ids), row["with_timestamps"].get<std::string>())
        << row["name"];
  }
}

TEST(Tokenizer, DecodesIdsOutsideTheVocabularyAsNothing) {
  const auto made = Tokenizer::create(made_up_tokens(51865), 51865);
  ASSERT_TRUE(made);
  const std::vector<int> ids = {-1, 'a', 51865, 1 << 30, 'b'};
  EXPECT_EQ((*made)->decode(ids), "ab");
  EXPECT_EQ((*made)->decode_with_timestamps(ids), "ab");
}

TEST(Tokenizer, ComputesTheNonSpeechTokensOfTheReference) {
  for (const auto& [kind, expected] : cases()["special"].items()) {
    REQUIRE_TOKENIZER(t, vocabulary_of(kind));
    const auto ids = t->non_speech_tokens();
    EXPECT_EQ(std::vector<int>(ids.begin(), ids.end()),
              expected["non_speech"].get<std::vector<int>>())
        << kind;
    EXPECT_EQ(ids.size(), kind == "en" ? 84u : 82u);
  }
}

TEST(Tokenizer, StartsMultilingualSequencesWithLanguageAndTask) {
  const auto made = Tokenizer::create(made_up_tokens(51866), 51866);
  ASSERT_TRUE(made);
  const Tokenizer& t = **made;
  EXPECT_EQ(t.start_sequence("de", Task::kTranscribe, false),
            (std::vector<int>{50258, 50261, 50360}));
  EXPECT_EQ(t.start_sequence("yue", Task::kTranslate, true),
            (std::vector<int>{50258, 50358, 50359, 50364}));
}

TEST(Tokenizer, StartsEnglishSequencesWithoutLanguage) {
  const auto made = Tokenizer::create(made_up_tokens(51864), 51864);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->start_sequence("en", Task::kTranscribe, false), (std::vector<int>{50257}));
  EXPECT_EQ((*made)->start_sequence("", Task::kTranslate, true), (std::vector<int>{50257, 50362}));
}

TEST(Tokenizer, HasCantoneseInTheLargestVocabularyOnly) {
  const auto small = Tokenizer::create(made_up_tokens(51865), 51865);
  const auto large = Tokenizer::create(made_up_tokens(51866), 51866);
  ASSERT_TRUE(small && large);
  EXPECT_EQ((*small)->language_token("yue"), -1);
  EXPECT_EQ((*large)->language_token("yue"), 50358);
  EXPECT_EQ((*small)->language_token("su"), 50357);
  EXPECT_EQ((*small)->language_token("klingon"), -1);
}

TEST(Tokenizer, TellsTimestamps) {
  const auto made = Tokenizer::create(made_up_tokens(51865), 51865);
  ASSERT_TRUE(made);
  EXPECT_FALSE((*made)->is_timestamp(50363));
  EXPECT_TRUE((*made)->is_timestamp(50364));
  EXPECT_TRUE((*made)->is_timestamp(51864));
  EXPECT_FALSE((*made)->is_timestamp(51865));
  const std::vector<int> ids = {50364, 50418, 51864};
  EXPECT_EQ((*made)->decode_with_timestamps(ids), "<|0.00|><|1.08|><|30.00|>");
  EXPECT_EQ((*made)->decode(ids), "");
}

TEST(SplitWords, GivesTheWordsOfTheReference) {
  REQUIRE_TOKENIZER(t, 51866);
  for (const Json& row : cases()["split"]) {
    const auto split =
        t->split_words(row["ids"].get<std::vector<int>>(), row["language"].get<std::string>());
    EXPECT_EQ(split.words, row["words"].get<std::vector<std::string>>()) << row["name"];
    EXPECT_EQ(split.tokens, row["tokens"].get<std::vector<std::vector<int>>>()) << row["name"];
  }
}

// The reference loses the second word here, or fails with an index beyond the text.
TEST(SplitWords, GoesOnAfterABrokenCharacterOfTwoTokens) {
  const auto made = Tokenizer::create(made_up_tokens(51865), 51865);
  ASSERT_TRUE(made);
  const std::vector<int> ids = {'a', 0xe2, 0x82, ' ', 'b', 50257};
  const auto chinese = (*made)->split_words(ids, "zh");
  EXPECT_EQ(chinese.words,
            (std::vector<std::string>{"a", "\xef\xbf\xbd", " ", "b", "<|endoftext|>"}));
  EXPECT_EQ(chinese.tokens[1], (std::vector<int>{0xe2, 0x82}));
  const auto english = (*made)->split_words(ids, "en");
  EXPECT_EQ(english.words, (std::vector<std::string>{"a\xef\xbf\xbd", " b", "<|endoftext|>"}));
}

TEST(SplitWords, GivesNothingForNothing) {
  const auto made = Tokenizer::create(made_up_tokens(51865), 51865);
  ASSERT_TRUE(made);
  EXPECT_TRUE((*made)->split_words({}, "en").words.empty());
  EXPECT_TRUE((*made)->split_words({}, "ja").tokens.empty());
}

// Work, not time: a quadratic algorithm would take minutes here.
TEST(Tokenizer, EncodesAMegabyteInOnePiece) {
  REQUIRE_TOKENIZER(t, 51865);
  for (const std::string unit : {"a", "=", " ", "\xff", "\u6211", "Wort "}) {
    std::string text;
    while (text.size() < 1000000) text += unit;
    std::string back;
    for (const int id : t->encode(text)) back += t->bytes(id);
    EXPECT_EQ(back, text) << unit;
  }
}

TEST(Utf8, IsRepairedAsPythonDoesIt) {
  for (const Json& row : cases()["utf8"]) {
    const std::string hex = row["hex"];
    std::string raw;
    for (size_t i = 0; i < hex.size(); i += 2) {
      raw += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    EXPECT_EQ(repair_utf8(raw), row["text"].get<std::string>()) << hex;
  }
}

TEST(Tokenizer, ComesBackToEveryGoldenText) {
  REQUIRE_TOKENIZER(t, 51865);
  REQUIRE_GOLDEN();
  int lines = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(testing::corpus_folder() / "golden")) {
    if (entry.path().extension() != ".jsonl") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line); ++lines) {
      const Json clip = Json::parse(line);
      const std::string text = clip["text"];
      if (text.find("\xef\xbf\xbd") != std::string::npos) continue;
      EXPECT_EQ(t->decode(t->encode(text)), text) << clip["file"];
      for (const Json& segment : clip["segments"]) {
        EXPECT_EQ(t->decode(segment["tokens"].get<std::vector<int>>()),
                  segment["text"].get<std::string>())
            << clip["file"] << " " << joined(segment["tokens"]);
      }
    }
  }
  EXPECT_GT(lines, 100);
}

TEST(SplitWords, GivesTheWordsOfTheGoldenSegments) {
  REQUIRE_TOKENIZER(t, 51865);
  REQUIRE_GOLDEN();
  std::ifstream file(testing::corpus_folder() / "golden" / "words.jsonl");
  int words = 0;
  for (std::string line; std::getline(file, line);) {
    const Json clip = Json::parse(line);
    for (const Json& segment : clip["segments"]) {
      if (segment["words"].empty()) continue;
      std::vector<int> ids;
      for (const int id : segment["tokens"]) {
        if (id < t->special().end_of_text) ids.push_back(id);
      }
      const auto split = t->split_words(ids, clip["language"].get<std::string>());
      // Golden words have punctuation merged into neighbours: each must end where one of ours does.
      size_t at = 0;
      std::string ours;
      for (const Json& word : segment["words"]) {
        const std::string golden = word["word"];
        ours.clear();
        while (at < split.words.size() && ours.size() < golden.size()) ours += split.words[at++];
        ASSERT_EQ(ours, golden) << clip["file"];
        ++words;
      }
      EXPECT_EQ(at, split.words.size()) << clip["file"];
    }
  }
  EXPECT_GT(words, 1000);
}

struct LanguageCase {
  const char* name;
  const char* code;  // "": unknown
};

const LanguageCase kLanguageCases[] = {
    {"en", "en"},        {"EN", "en"},
    {"en-US", "en"},     {"pt_BR", "pt"},
    {"German", "de"},    {"haitian creole", "ht"},
    {"haw-US", "haw"},   {"zh-Hant-TW", "zh"},
    {"Castilian", "es"}, {"yue-HK", "yue"},
    {"jv", "jw"},        {"nb-NO", "no"},
    {"cmn-Hans", "zh"},  {"", ""},
    {"auto", ""},        {"xx", ""},
    {"german-ish", ""},  {"e", ""},
    {"-", ""},           {"en ", ""},
    {"xx-en", ""},
};

TEST(FindLanguage, KnowsCodesNamesAliasesAndTags) {
  for (const LanguageCase& row : kLanguageCases) {
    EXPECT_EQ(find_language(row.name).value_or(""), row.code) << row.name;
  }
}

TEST(FindLanguage, KnowsAllNamesOfTheReference) {
  ASSERT_EQ(cases()["languages"].size(), language_codes().size());
  for (size_t i = 0; i < language_codes().size(); ++i) {
    EXPECT_EQ(language_codes()[i], cases()["languages"][i][0].get<std::string>());
    EXPECT_EQ(language_names()[i], cases()["languages"][i][1].get<std::string>());
  }
  for (const Json& row : cases()["names"]) {
    EXPECT_EQ(find_language(row[0].get<std::string>()), row[1].get<std::string>()) << row[0];
  }
}

}  // namespace
}  // namespace npu
