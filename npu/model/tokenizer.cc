// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/tokenizer.h"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <utility>

#include "model/tokenizer_bpe.h"
#include "model/tokenizer_rules.h"
#include "model/tokenizer_split.h"
#include "model/utf8.h"

namespace npu {

struct Tokenizer::Impl {
  Impl(std::unique_ptr<const TokenBytes> token_bytes, BytePairMerger bpe,
       std::unique_ptr<PieceSplitter> piece_splitter, int size)
      : tokens(std::move(token_bytes)),
        merger(std::move(bpe)),
        splitter(std::move(piece_splitter)),
        vocabulary(size),
        special(special_tokens(size)) {}

  std::unique_ptr<const TokenBytes> tokens;  // at a fixed place: merger borrows it
  BytePairMerger merger;
  std::unique_ptr<PieceSplitter> splitter;
  int vocabulary;
  SpecialTokens special;
  std::vector<int> non_speech;
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;

Result<std::unique_ptr<Tokenizer>> Tokenizer::create(TokenBytes tokens, int vocabulary) {
  if (vocabulary < 51864 || vocabulary > 51866) {
    return Error{
        ErrorCode::kBadModel,
        text("vocabulary: expected 51864 (.en), 51865 or 51866 tokens, found ", vocabulary)};
  }
  const size_t expected = static_cast<size_t>(special_tokens(vocabulary).end_of_text);
  if (tokens.size() != expected) {
    return Error{ErrorCode::kBadModel, text("vocabulary of ", vocabulary, " tokens: expected ",
                                            expected, " text tokens, found ", tokens.size())};
  }
  auto kept = std::make_unique<const TokenBytes>(std::move(tokens));
  NPU_TRY_ASSIGN(BytePairMerger merger, BytePairMerger::create(*kept));
  NPU_TRY_ASSIGN(std::unique_ptr<PieceSplitter> splitter, PieceSplitter::create());
  auto impl =
      std::make_unique<Impl>(std::move(kept), std::move(merger), std::move(splitter), vocabulary);
  Impl& rest = *impl;
  std::unique_ptr<Tokenizer> tokenizer(new Tokenizer(std::move(impl)));
  rest.non_speech = compute_non_speech_tokens(*tokenizer);
  return tokenizer;
}

int Tokenizer::vocabulary() const {
  return impl_->vocabulary;
}
const SpecialTokens& Tokenizer::special() const {
  return impl_->special;
}
bool Tokenizer::multilingual() const {
  return impl_->vocabulary >= 51865;
}

std::vector<int> Tokenizer::encode(std::string_view text) const {
  std::vector<int> ids;
  for (const std::string_view piece : impl_->splitter->split(text)) {
    impl_->merger.merge(piece, ids);
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const int> ids) const {
  std::string raw;
  for (const int id : ids) {
    if (id >= 0 && id < impl_->special.end_of_text) raw += bytes(id);
  }
  return repair_utf8(raw);
}

std::string Tokenizer::decode_with_timestamps(std::span<const int> ids) const {
  std::string raw;
  for (const int id : ids) raw += token_text(*this, id);
  return repair_utf8(raw);
}

std::string_view Tokenizer::bytes(int id) const {
  assert(id >= 0 && id < impl_->special.end_of_text);
  return (*impl_->tokens)[static_cast<size_t>(id)];
}

bool Tokenizer::is_timestamp(int id) const {
  return id >= impl_->special.timestamp_begin && id < impl_->vocabulary;
}

int Tokenizer::language_token(std::string_view language) const {
  const auto codes = language_codes().first(static_cast<size_t>(impl_->special.languages));
  const auto found = std::find(codes.begin(), codes.end(), language);
  if (found == codes.end()) return -1;
  return impl_->special.first_language + static_cast<int>(found - codes.begin());
}

std::vector<int> Tokenizer::start_sequence(std::string_view language, Task task,
                                           bool without_timestamps) const {
  std::vector<int> ids = {impl_->special.start_of_transcript};
  if (multilingual()) {
    const int token = language_token(language);
    assert(token >= 0);
    ids.push_back(token);
    ids.push_back(task == Task::kTranslate ? impl_->special.translate : impl_->special.transcribe);
  }
  if (without_timestamps) ids.push_back(impl_->special.no_timestamps);
  return ids;
}

std::span<const int> Tokenizer::non_speech_tokens() const {
  return impl_->non_speech;
}

Tokenizer::WordTokens Tokenizer::split_words(std::span<const int> ids,
                                             std::string_view language) const {
  WordTokens parts = split_at_characters(*this, ids);
  return written_without_spaces(language) ? parts : join_at_spaces(*this, std::move(parts));
}

}  // namespace npu
