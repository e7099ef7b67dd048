// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/tokenizer_split.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <utility>

#include "model/utf8.h"

namespace npu {
namespace {

// White space spelled out: PCRE2's \s has other members than Unicode's White_Space (U+180E), and
// other ones from version to version.
#define NPU_SPACE \
  R"(\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})"

constexpr char kPattern[] =
    "'(?:s|t|re|ve|m|ll|d)"
    "| ?\\p{L}+"
    "| ?\\p{N}+"
    "| ?[^" NPU_SPACE
    "\\p{L}\\p{N}]+"
    "|[" NPU_SPACE "]+(?![^" NPU_SPACE
    "])"
    "|[" NPU_SPACE "]+";

#undef NPU_SPACE

struct MatchDataFree {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

size_t valid_prefix_bytes(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const Utf8Step step = next_utf8(text.substr(at));
    if (!step.valid) break;
    at += step.bytes;
  }
  return at;
}

size_t invalid_prefix_bytes(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const Utf8Step step = next_utf8(text.substr(at));
    if (step.valid) break;
    at += step.bytes;
  }
  return at;
}

}  // namespace

struct PieceSplitter::Pattern {
  explicit Pattern(pcre2_code* compiled) : code(compiled) {}
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() { pcre2_code_free(code); }

  pcre2_code* code;
};

PieceSplitter::PieceSplitter(std::unique_ptr<Pattern> pattern) : pattern_(std::move(pattern)) {}
PieceSplitter::~PieceSplitter() = default;

Result<std::unique_ptr<PieceSplitter>> PieceSplitter::create() {
  int code = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* compiled =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(kPattern), PCRE2_ZERO_TERMINATED,
                    PCRE2_UTF | PCRE2_UCP, &code, &offset, nullptr);
  if (!compiled) {
    return Error{ErrorCode::kInternal, text("PCRE2 refuses the tokenizer's pattern at character ",
                                            offset, " with error ", code)};
  }
  auto pattern = std::make_unique<Pattern>(compiled);
  // Without JIT (a hardened system may forbid it) matching is slower and otherwise the same.
  (void)pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
  return std::unique_ptr<PieceSplitter>(new PieceSplitter(std::move(pattern)));
}

// `text` is valid UTF-8. It is not checked again at each match, which would make the loop
// quadratic.
void PieceSplitter::split_valid(std::string_view text,
                                std::vector<std::string_view>& pieces) const {
  const std::unique_ptr<pcre2_match_data, MatchDataFree> data(
      pcre2_match_data_create_from_pattern(pattern_->code, nullptr));
  const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  for (size_t at = 0; at < text.size();) {
    const int found = data ? pcre2_match(pattern_->code, subject, text.size(), at,
                                         PCRE2_NO_UTF_CHECK | PCRE2_ANCHORED, data.get(), nullptr)
                           : PCRE2_ERROR_NOMEMORY;
    // Some alternative matches every character; only the matcher's own limits can end it, and then
    // one character goes alone.
    size_t end = at + next_utf8(text.substr(at)).bytes;
    if (found > 0) end = pcre2_get_ovector_pointer(data.get())[1];
    pieces.push_back(text.substr(at, end - at));
    at = end;
  }
}

std::vector<std::string_view> PieceSplitter::split(std::string_view text) const {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const size_t valid = valid_prefix_bytes(text);
    split_valid(text.substr(0, valid), pieces);
    text.remove_prefix(valid);
    const size_t invalid = invalid_prefix_bytes(text);
    if (invalid > 0) pieces.push_back(text.substr(0, invalid));
    text.remove_prefix(invalid);
  }
  return pieces;
}

}  // namespace npu
