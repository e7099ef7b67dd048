// SPDX-License-Identifier: LGPL-2.1-or-later
// Byte-level BPE of Whisper: text to ids and back, and the ids of everything special.
// Source: openai/whisper:whisper/tokenizer.py.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "device/score.h"
#include "model/model_file.h"
#include "result.h"

namespace npu {

enum class Task { kTranscribe, kTranslate };

// Ids of the special tokens of one vocabulary size.
struct SpecialTokens {
  int end_of_text;          // EOT; text ids are below it
  int start_of_transcript;  // SOT
  int first_language;       // languages follow in the order of language_codes()
  int languages;
  int translate;
  int transcribe;
  int start_of_lm;
  int start_of_prev;
  int no_speech;
  int no_timestamps;
  int timestamp_begin;  // <|0.00|>; 1501 of them, 20 ms apart, to the end of the vocabulary
};

// Computed from 51864, 51865 or 51866. Precondition: `vocabulary` is one of them.
SpecialTokens special_tokens(int vocabulary);

// The 100 codes in id order ("en", "zh", ..., "yue"); English names beside them ("english", ...).
std::span<const std::string_view> language_codes();
std::span<const std::string_view> language_names();
// A code, an English name, an alias of the reference ("castilian"), or a BCP-47 tag of which the
// primary subtag counts ("en-US", "pt_BR"); any case. nullopt if Whisper does not know it.
std::optional<std::string> find_language(std::string_view name);

// Immutable and thread-safe.
class Tokenizer {
 public:
  // Errors: kBadModel (token count does not fit the vocabulary; a byte without a token).
  static Result<std::unique_ptr<Tokenizer>> create(TokenBytes tokens, int vocabulary);
  ~Tokenizer();

  int vocabulary() const;
  const SpecialTokens& special() const;
  bool multilingual() const;

  // Ids of valid or invalid UTF-8 text, without special tokens; invalid bytes are encoded as they
  // are.
  std::vector<int> encode(std::string_view text) const;
  // Text of the ids below end_of_text; others are skipped. Broken UTF-8 becomes U+FFFD, one per
  // maximal broken part, as Python's errors="replace".
  std::string decode(std::span<const int> ids) const;
  // The same, with timestamps written as <|1.08|>; for tests and word splitting.
  std::string decode_with_timestamps(std::span<const int> ids) const;
  // Raw bytes of one text token. Precondition: 0 <= id < end_of_text.
  std::string_view bytes(int id) const;

  bool is_timestamp(int id) const;

  // [SOT] or [SOT, language, task], plus notimestamps if asked. `language` must be one of
  // language_codes() that the vocabulary has; ignored for .en.
  std::vector<int> start_sequence(std::string_view language, Task task,
                                  bool without_timestamps) const;
  // Id of a language's token, -1 if the vocabulary lacks it.
  int language_token(std::string_view language) const;

  // The "non-speech" ids that the reference suppresses by default ("-1").
  std::span<const int> non_speech_tokens() const;

  // Splits ids (text, special and timestamps) into words and the ids of each, as
  // split_to_word_tokens() does: by Unicode code points for zh ja th lo my yue, else by spaces.
  struct WordTokens {
    std::vector<std::string> words;
    std::vector<std::vector<int>> tokens;
  };
  WordTokens split_words(std::span<const int> ids, std::string_view language) const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace npu
