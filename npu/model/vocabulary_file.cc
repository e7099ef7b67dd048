// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/vocabulary_file.h"

#include <array>
#include <filesystem>
#include <vector>

#include "model/byte_reader.h"
#include "model/json_file.h"
#include "model/mapped_file.h"

namespace npu {
namespace {

using nlohmann::json;

constexpr int kMappedCharacters = 256 + 68;  // code points that the byte map uses lie below

constexpr bool maps_to_itself(int byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

// Byte of each code point below kMappedCharacters, -1 for those that stand for none.
constexpr std::array<int, kMappedCharacters> inverse_byte_map() {
  std::array<int, kMappedCharacters> inverse{};
  inverse.fill(-1);
  int next = 256;
  for (int byte = 0; byte < 256; ++byte)
    inverse[static_cast<size_t>(maps_to_itself(byte) ? byte : next++)] = byte;
  return inverse;
}

constexpr auto kInverseByteMap = inverse_byte_map();

// Collects token strings by id and says what is wrong with them.
class Collector {
 public:
  Collector(const std::string& file, int vocabulary)
      : file_(file),
        vocabulary_(vocabulary),
        tokens_(static_cast<size_t>(text_tokens(vocabulary))),
        seen_(tokens_.size()) {}

  // Ids of special tokens are checked and dropped.
  Result<void> add(uint64_t id, std::string_view mapped) {
    if (id >= static_cast<uint64_t>(vocabulary_))
      return error("token \"", printable(mapped), "\": expected an id below ", vocabulary_,
                   ", found ", id);
    if (id >= tokens_.size()) return {};
    if (seen_[id]) return error("token ", id, " is there twice");
    seen_[id] = true;
    std::optional<std::string> bytes = undo_byte_map(mapped);
    if (!bytes)
      return error("token ", id, ": expected characters of the GPT-2 byte map, found \"",
                   printable(mapped), "\"");
    tokens_[id] = *std::move(bytes);
    return {};
  }

  Result<TokenBytes> take() {
    for (size_t id = 0; id < seen_.size(); ++id)
      if (!seen_[id] && !may_be_absent(id))
        return error("expected ", tokens_.size(), " text tokens, found none with id ", id);
    return std::move(tokens_);
  }

  template <typename... Parts>
  Error error(const Parts&... parts) const {
    return Error{ErrorCode::kBadModel, text(file_, ": ", parts...)};
  }

 private:
  // Id 50256 of the multilingual vocabularies is the empty string; some files leave it out.
  bool may_be_absent(size_t id) const { return id == 50256; }

  const std::string& file_;
  int vocabulary_;
  TokenBytes tokens_;
  std::vector<bool> seen_;
};

Result<TokenBytes> from_object(const std::string& file, const json& object, int vocabulary) {
  Collector tokens(file, vocabulary);
  if (!object.is_object())
    return tokens.error("expected an object of token strings and ids, found ",
                        json_excerpt(object));
  for (const auto& [mapped, id] : object.items()) {
    if (!id.is_number_unsigned())
      return tokens.error("token \"", printable(mapped), "\": expected an id, found ",
                          json_excerpt(id));
    NPU_TRY(tokens.add(id.get<uint64_t>(), mapped));
  }
  return tokens.take();
}

using Parser = Result<TokenBytes> (*)(const std::string&, std::string_view, int);
struct VocabularyFile {
  const char* name;
  Parser parse;
};
// The quickest to read first; they say the same.
constexpr VocabularyFile kCandidates[] = {
    {"vocabulary.txt", parse_vocabulary_txt},
    {"vocabulary.json", parse_vocabulary_json},
    {"vocab.json", parse_vocab_json},
    {"tokenizer.json", parse_tokenizer_json},
};

}  // namespace

std::optional<std::string> undo_byte_map(std::string_view mapped) {
  std::string bytes;
  bytes.reserve(mapped.size());
  for (size_t i = 0; i < mapped.size(); ++i) {
    size_t code = static_cast<unsigned char>(mapped[i]);
    if (code >= 0x80) {
      // All code points of the map have at most two bytes of UTF-8.
      if ((code & 0xe0) != 0xc0 || i + 1 == mapped.size()) return std::nullopt;
      const size_t next = static_cast<unsigned char>(mapped[++i]);
      if ((next & 0xc0) != 0x80) return std::nullopt;
      code = (code & 0x1f) << 6 | (next & 0x3f);
      if (code < 0x80) return std::nullopt;
    }
    if (code >= kInverseByteMap.size() || kInverseByteMap[code] < 0) return std::nullopt;
    bytes += static_cast<char>(kInverseByteMap[code]);
  }
  return bytes;
}

Result<TokenBytes> parse_tokenizer_json(const std::string& file, std::string_view content,
                                        int vocabulary) {
  NPU_TRY_ASSIGN(const json root, parse_json(file, content));
  const json* node = &root;
  for (const char* key : {"model", "vocab"}) {
    if (!node->is_object() || !node->contains(key))
      return Error{ErrorCode::kBadModel,
                   text(file, ": expected the key \"", key, "\", found ", json_excerpt(*node))};
    node = &(*node)[key];
  }
  return from_object(file, *node, vocabulary);
}

Result<TokenBytes> parse_vocab_json(const std::string& file, std::string_view content,
                                    int vocabulary) {
  NPU_TRY_ASSIGN(const json root, parse_json(file, content));
  return from_object(file, root, vocabulary);
}

Result<TokenBytes> parse_vocabulary_json(const std::string& file, std::string_view content,
                                         int vocabulary) {
  NPU_TRY_ASSIGN(const json root, parse_json(file, content));
  Collector tokens(file, vocabulary);
  if (!root.is_array())
    return tokens.error("expected a list of token strings, found ", json_excerpt(root));
  for (size_t id = 0; id < root.size(); ++id) {
    if (!root[id].is_string())
      return tokens.error("token ", id, ": expected a string, found ", json_excerpt(root[id]));
    NPU_TRY(tokens.add(id, root[id].get_ref<const std::string&>()));
  }
  return tokens.take();
}

Result<TokenBytes> parse_vocabulary_txt(const std::string& file, std::string_view content,
                                        int vocabulary) {
  Collector tokens(file, vocabulary);
  if (content.size() > kJsonLimitBytes)
    return tokens.error("expected at most ", kJsonLimitBytes, " bytes, found ", content.size());
  uint64_t id = 0;
  while (!content.empty()) {
    const size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    NPU_TRY(tokens.add(id++, line));
    content.remove_prefix(std::min(end + 1, content.size()));
  }
  return tokens.take();
}

Result<TokenBytes> read_vocabulary(const std::string& folder, int vocabulary) {
  for (const VocabularyFile& candidate : kCandidates) {
    const std::string path = (std::filesystem::path(folder) / candidate.name).string();
    std::error_code error;
    if (!std::filesystem::exists(path, error)) continue;
    NPU_TRY_ASSIGN(const std::string content, read_small_file(path, kJsonLimitBytes));
    return candidate.parse(path, content, vocabulary);
  }
  return TokenBytes();
}

}  // namespace npu
