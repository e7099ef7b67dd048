// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/word_joiner.h"

#include <algorithm>

#include "captions/unicode_text.h"
#include "captions/word_text.h"

namespace npu::captions {
namespace {

// Times beyond these (36 years) are taken as these, so that sums cannot overflow.
constexpr int64_t kLatest_ns = int64_t{1} << 60;
// Of text of one cluster; no script needs as much.
constexpr size_t kLongestCluster_bytes = 256;

bool is_sentence(std::string_view text) {
  while (!text.empty() && is_closing(last_character(text))) text = without_last(text);
  return ends_sentence(last_character(text));
}

}  // namespace

WordJoiner::WordJoiner(const CueShape& shape) : shape_(shape), earliest_ns_(-kLatest_ns) {}

void WordJoiner::clear() {
  held_.reset();
  space_after_ = false;
  earliest_ns_ = -kLatest_ns;
}

bool WordJoiner::parts(int64_t next_start_ns) const {
  const int64_t pause_ns = next_start_ns - held_->end_ns;
  if (pause_ns > shape_.sentence_pause_ns) return true;
  return pause_ns >= shape_.cue_pause_ns && is_sentence(held_->text);
}

bool WordJoiner::shares_cluster(const std::string& text, int64_t start_ns, int64_t end_ns) {
  if (space_after_ || held_->text.size() + text.size() > kLongestCluster_bytes) return false;
  if (end_ns - held_->start_ns > shape_.max_duration_ns || parts(start_ns)) return false;
  const std::string both = held_->text + text;
  const std::vector<size_t> ends = ruler_.clusters(both);
  return !std::binary_search(ends.begin(), ends.end(), held_->text.size());
}

std::optional<JoinedWord> WordJoiner::release() {
  std::optional<JoinedWord> word = std::move(held_);
  held_.reset();
  return word;
}

std::optional<JoinedWord> WordJoiner::push(const CaptionWord& word, const std::string& language) {
  WordText shown = visible_text(word.text);
  if (shown.text.empty()) {
    space_after_ = space_after_ || shown.space_before || shown.space_after;
    return std::nullopt;
  }
  const int64_t start_ns = std::clamp(word.start_ns, earliest_ns_, kLatest_ns);
  const int64_t longest_end_ns = start_ns + shape_.max_duration_ns;
  const int64_t end_ns = std::clamp(word.end_ns, start_ns, longest_end_ns);
  earliest_ns_ = start_ns;
  if (held_) held_->end_ns = std::min(held_->end_ns, start_ns);

  if (held_ && !shown.space_before && shares_cluster(shown.text, start_ns, end_ns)) {
    held_->text += shown.text;
    held_->end_ns = end_ns;
    held_->words.push_back(word);
    space_after_ = shown.space_after;
    return std::nullopt;
  }
  const bool space = shown.space_before || space_after_;
  if (held_) held_->ends_stretch = parts(start_ns);
  std::optional<JoinedWord> before = release();
  held_ = JoinedWord{std::move(shown.text), language, space, false, start_ns, end_ns, {word}};
  space_after_ = shown.space_after;
  return before;
}

std::optional<JoinedWord> WordJoiner::silent_until(int64_t until_ns) {
  earliest_ns_ = std::max(earliest_ns_, std::min(until_ns, kLatest_ns));
  if (!held_ || !parts(earliest_ns_)) return std::nullopt;
  return finish();
}

std::optional<JoinedWord> WordJoiner::finish() {
  if (held_) held_->ends_stretch = true;
  return release();
}

}  // namespace npu::captions
