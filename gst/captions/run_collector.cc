// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/run_collector.h"

#include <iterator>

#include "captions/unicode_text.h"

namespace npu::captions {
namespace {

// A long run is judged in blocks, with as much text before and after them as dictionaries look at.
constexpr size_t kBlock = 24;
constexpr size_t kAhead = 16;
constexpr size_t kContext_bytes = 120;

// Punctuation between parts of a sentence that needs no space behind it (full-width).
bool ends_run(std::string_view text) {
  while (!text.empty() && is_closing(last_character(text))) text = without_last(text);
  const UChar32 last = last_character(text);
  return last > 0x7F && (ends_sentence(last) || ends_clause(last));
}

// The end of `text`, from the beginning of a character.
std::string_view tail(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  text.remove_prefix(text.size() - bytes);
  while (!text.empty() && (static_cast<unsigned char>(text[0]) & 0xC0U) == 0x80U) {
    text.remove_prefix(1);
  }
  return text;
}

}  // namespace

void RunCollector::clear() {
  run_.clear();
  context_.clear();
  left_.reset();
}

BreakJudge& RunCollector::judge_of(const std::string& language) {
  return judges_.try_emplace(language, language).first->second;
}

bool RunCollector::begins_run(const Piece& piece) const {
  if (run_.empty()) return context_.empty();
  return piece.space_before || piece.language != run_.back().language || ends_run(run_.back().text);
}

void RunCollector::judge(size_t count, std::vector<Piece>& judged) {
  std::vector<std::string_view> texts;
  for (const Piece& piece : run_) texts.push_back(piece.text);
  const std::vector<BreakQuality> qualities =
      judge_of(run_.front().language)
          .judge(left_ ? &*left_ : nullptr, run_.front().space_before, context_, texts);
  if (context_.empty()) run_before_ = qualities[0];
  for (size_t index = 0; index < count; ++index) {
    Piece& piece = run_[index];
    // The places inside a word that is wider than a line keep what the cutter said.
    const bool continues = piece.words.empty();
    if (!continues) piece.before = qualities[index];
    context_ += piece.text;
    judged.push_back(std::move(piece));
  }
  run_.erase(run_.begin(), run_.begin() + static_cast<std::ptrdiff_t>(count));
}

void RunCollector::end_run(std::vector<Piece>& judged) {
  if (run_.empty()) return;
  const std::string language = run_.front().language;
  judge(run_.size(), judged);
  left_ = judge_of(language).left_side(context_, run_before_);
  context_.clear();
}

void RunCollector::add(std::vector<Piece> word, std::vector<Piece>& judged) {
  if (begins_run(word.front())) end_run(judged);
  run_.insert(run_.end(), std::make_move_iterator(word.begin()),
              std::make_move_iterator(word.end()));
  if (run_.size() >= kBlock + kAhead) {
    judge(kBlock, judged);
    context_ = tail(context_, kContext_bytes);
  }
}

void RunCollector::end_stretch(std::vector<Piece>& judged) {
  end_run(judged);
  clear();
}

}  // namespace npu::captions
