// SPDX-License-Identifier: LGPL-2.1-or-later
// Corrupted vocabularies are refused, and GPT-2's byte map is undone.
#include <nlohmann/json.hpp>

#include "corrupt.h"
#include "model/vocabulary_file.h"

namespace npu {
namespace {

using nlohmann::json;
using testing::Corruption;
using Parser = Result<TokenBytes> (*)(const std::string&, std::string_view, int);

constexpr int kVocabulary = 51864;

const json& good_tokenizer() {
  static const json root = json::parse(testing::tokenizer_json(testing::tiny_dims()));
  return root;
}

const json& good_list() {
  static const json root = json::parse(testing::vocabulary_json(testing::tiny_dims()));
  return root;
}

Corruption row(std::string name, std::string fault, Parser parse,
               std::function<std::string()> content) {
  return {std::move(name),
          [=]() -> Result<void> {
            const auto tokens = parse(testing::kCorruptFile, content(), kVocabulary);
            if (!tokens) return tokens.error();
            return {};
          },
          std::move(fault)};
}

Corruption vocab(std::string name, std::string fault, std::function<void(json&)> spoil) {
  return row(std::move(name), std::move(fault), parse_tokenizer_json, [spoil] {
    json root = good_tokenizer();
    spoil(root["model"]["vocab"]);
    return root.dump();
  });
}

Corruption list(std::string name, std::string fault, std::function<void(json&)> spoil) {
  return row(std::move(name), std::move(fault), parse_vocabulary_json, [spoil] {
    json root = good_list();
    spoil(root);
    return root.dump();
  });
}

std::vector<Corruption> rows() {
  const auto fixed = [](const char* content, std::string fault, Parser parse) {
    return row(content, std::move(fault), parse, [content] { return std::string(content); });
  };
  std::vector<Corruption> rows;
  for (const char* content : {"", "{", "{\"model\": {\"vocab\": {\"a\": 0}", "nul"})
    for (const Parser parse : {parse_tokenizer_json, parse_vocab_json, parse_vocabulary_json})
      rows.push_back(fixed(content, "not valid JSON", parse));
  rows.push_back(fixed("", "expected 50256 text tokens", parse_vocabulary_txt));
  rows.push_back(fixed("a\nb\n", "found none with id 2", parse_vocabulary_txt));
  rows.push_back(fixed("{}", "expected the key \"model\"", parse_tokenizer_json));
  rows.push_back(fixed("[]", "expected the key \"model\"", parse_tokenizer_json));
  rows.push_back(fixed("{\"model\": 1}", "expected the key \"vocab\"", parse_tokenizer_json));
  rows.push_back(fixed("{\"model\": {\"vocab\": []}}", "expected an object", parse_tokenizer_json));
  rows.push_back(fixed("{}", "found none with id 0", parse_vocab_json));
  rows.push_back(fixed("{}", "expected a list", parse_vocabulary_json));
  rows.push_back(fixed("{\"a\": 0, \"a\": 1}", "occurs twice", parse_vocab_json));
  for (const char* id : {"-1", "1.5", "\"3\"", "null", "51864", "18446744073709551615", "1e40"})
    rows.push_back(vocab(std::string("id ") + id, "expected an id",
                         [=](json& tokens) { tokens["w300"] = json::parse(id); }));
  rows.push_back(
      vocab("id twice", "token 301 is there twice", [](json& tokens) { tokens["w300"] = 301; }));
  rows.push_back(
      vocab("id missing", "found none with id 300", [](json& tokens) { tokens.erase("w300"); }));
  for (const char* token : {" ", "a b", "\n", "\xc3\xa9\x7f", "\xe4\xb8\xad", "\xc5\x84",
                            "\xf0\x9f\x98\x80", "\xc2\xad"})
    rows.push_back(vocab(std::string("token ") + token, "expected characters of the GPT-2 byte map",
                         [=](json& tokens) {
                           tokens.erase("w300");
                           tokens[token] = 300;
                         }));
  rows.push_back(list("too few", "found none with id 50000",
                      [](json& tokens) { tokens.get_ref<json::array_t&>().resize(50000); }));
  rows.push_back(
      list("too many", "expected an id below 51864", [](json& tokens) { tokens.push_back("x"); }));
  for (const json& value : {json(1), json(nullptr), json::array(), json::object()})
    rows.push_back(list("entry is " + value.dump(), "token 7: expected a string",
                        [=](json& tokens) { tokens[7] = value; }));
  rows.push_back(list("entry is outside the map", "token 7: expected characters",
                      [](json& tokens) { tokens[7] = "a b"; }));
  rows.push_back(row("too many lines", "expected an id below 51864", parse_vocabulary_txt, [] {
    std::string lines;
    for (int id = 0; id <= kVocabulary; ++id) lines += "w\n";
    return lines;
  }));
  rows.push_back(row("not UTF-8", "token 0: expected characters", parse_vocabulary_txt,
                     [] { return std::string("\xff\n"); }));
  rows.push_back(row("cut character", "token 0: expected characters", parse_vocabulary_txt,
                     [] { return std::string("\xc4"); }));
  rows.push_back(row("overlong character", "token 0: expected characters", parse_vocabulary_txt,
                     [] { return std::string("\xc1\xa1\n"); }));
  rows.push_back(row("deep", "levels of nesting", parse_vocabulary_json,
                     [] { return std::string(1000000, '['); }));
  return rows;
}

class CorruptVocabulary : public ::testing::TestWithParam<Corruption> {};

TEST_P(CorruptVocabulary, IsRefused) {
  testing::expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Rows, CorruptVocabulary, ::testing::ValuesIn(rows()), testing::row_name);

// Expectations from openai/gpt-2:src/encoder.py, bytes_to_unicode().
TEST(ByteMap, IsUndone) {
  EXPECT_EQ(undo_byte_map("abc~!"), "abc~!");
  EXPECT_EQ(undo_byte_map("\xc4\xa0hello"), " hello");         // U+0120
  EXPECT_EQ(undo_byte_map("\xc4\x8a"), "\n");                  // U+010A
  EXPECT_EQ(undo_byte_map("\xc4\x80"), std::string(1, '\0'));  // U+0100
  EXPECT_EQ(undo_byte_map("\xc3\xa5\xc4\xbe\xc2\xba"), "\xe5\x9c\xba");
  EXPECT_EQ(undo_byte_map("\xc5\x83"), "\xad");  // U+0143, the last one
  EXPECT_EQ(undo_byte_map("\xc3\xbf"), "\xff");
  EXPECT_EQ(undo_byte_map(""), "");
}

TEST(Vocabulary, AFolderWithoutOneHasNone) {
  const testing::TemporaryFolder folder;
  const auto tokens = read_vocabulary(folder.path().string(), kVocabulary);
  ASSERT_TRUE(tokens);
  EXPECT_TRUE(tokens->empty());
}

TEST(Vocabulary, AllFilesGiveTheSameTokens) {
  const TokenBytes expected =
      *parse_tokenizer_json("f", testing::tokenizer_json(testing::tiny_dims()), kVocabulary);
  EXPECT_EQ(*parse_vocab_json("f", good_tokenizer()["model"]["vocab"].dump(), kVocabulary),
            expected);
  EXPECT_EQ(*parse_vocabulary_json("f", good_list().dump(), kVocabulary), expected);
  std::string lines;
  for (const json& token : good_list()) lines += token.get<std::string>() + "\r\n";
  EXPECT_EQ(*parse_vocabulary_txt("f", lines, kVocabulary), expected);
  EXPECT_EQ(expected[300], "w300");
  EXPECT_EQ(expected[10], "\n");
}

}  // namespace
}  // namespace npu
