// SPDX-License-Identifier: LGPL-2.1-or-later
// The way of a word: WordJoiner, PieceCutter, RunCollector, CueSegmenter, and a wait for the start
// of the next cue. Words are taken one by one, so that it does not matter how they are pushed.
#include "captions/cue_shaper.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <optional>

#include "captions/cue_segmenter.h"
#include "captions/cue_timing.h"
#include "captions/line_layout.h"
#include "captions/line_text.h"
#include "captions/piece_cutter.h"
#include "captions/run_collector.h"
#include "captions/word_joiner.h"

namespace npu::captions {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kNever = std::numeric_limits<int64_t>::min();

// The language without script and region, lower case: "pt" of "pt-BR".
std::string primary_language(const std::string& code) {
  std::string language = code.substr(0, code.find_first_of("-_"));
  for (char& c : language) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return language;
}

}  // namespace

CueShape usable(CueShape shape) {
  shape.max_line_chars = std::clamp(shape.max_line_chars, 2U, 1000U);
  shape.max_line_wide_chars = std::clamp(shape.max_line_wide_chars, 1U, 1000U);
  shape.max_lines = std::clamp(shape.max_lines, 1U, 20U);
  shape.max_duration_ns = std::clamp(shape.max_duration_ns, kSecond / 5, kHour);
  shape.min_duration_ns = std::clamp(shape.min_duration_ns, int64_t{0}, shape.max_duration_ns);
  if (!(shape.max_chars_per_s > 0)) shape.max_chars_per_s = 0;
  for (int64_t* time : {&shape.linger_ns, &shape.min_gap_ns, &shape.chain_gap_ns,
                        &shape.sentence_pause_ns, &shape.cue_pause_ns, &shape.horizon_ns}) {
    *time = std::clamp(*time, int64_t{0}, kHour);
  }
  return shape;
}

std::string Cue::text() const {
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

class CueShaper::Shaping {
 public:
  explicit Shaping(const CueShape& shape)
      : shape_(usable(shape)),
        joiner_(shape_),
        cutter_(shape_),
        segmenter_(shape_),
        breaker_(shape_) {}

  void set_language(const std::string& code) { language_ = primary_language(code); }

  void push(const CaptionWord& word, std::vector<Cue>& out) {
    take(joiner_.push(word, language_), out);
    if (!waiting_ || joiner_.held() == nullptr) return;
    waiting_->next_start_ns = joiner_.held()->start_ns;
    give_out(out);
  }

  void silent_until(int64_t until_ns, std::vector<Cue>& out) {
    silent_until_ns_ = std::max(silent_until_ns_, until_ns);
    take(joiner_.silent_until(until_ns), out);
    if (waiting_ && silent_until_ns_ >= settled_ns(shape_, speech(*waiting_))) give_out(out);
  }

  void finish(std::vector<Cue>& out) {
    take(joiner_.finish(), out);
    if (waiting_) give_out(out);
    reset();
  }

  void reset() {
    joiner_.clear();
    collector_.clear();
    segmenter_.clear();
    waiting_.reset();
    earliest_ns_ = kNever;
    silent_until_ns_ = kNever;
  }

  int64_t decided_ns() const {
    if (waiting_) return std::max(earliest_ns_, waiting_->pieces.front().start_ns);
    if (segmenter_.first() != nullptr) return std::max(earliest_ns_, segmenter_.first()->start_ns);
    if (collector_.first() != nullptr) return std::max(earliest_ns_, collector_.first()->start_ns);
    if (joiner_.held() != nullptr) return std::max(earliest_ns_, joiner_.held()->start_ns);
    return std::max(earliest_ns_, silent_until_ns_);
  }

 private:
  CueSpeech speech(const PlannedCue& cue) const {
    const int64_t start_ns = std::max(cue.pieces.front().start_ns, earliest_ns_);
    return {start_ns, std::max(cue.pieces.back().end_ns, start_ns), cue_columns(cue.pieces)};
  }

  void take(std::optional<JoinedWord> word, std::vector<Cue>& out) {
    if (!word) return;
    const bool ends_stretch = word->ends_stretch;
    std::vector<Piece> judged;
    collector_.add(cutter_.cut(*std::move(word)), judged);
    if (ends_stretch) collector_.end_stretch(judged);
    std::vector<PlannedCue> decided;
    for (Piece& piece : judged) segmenter_.add(std::move(piece), decided);
    if (ends_stretch) segmenter_.end_stretch(decided);
    for (PlannedCue& cue : decided) {
      waiting_ = std::move(cue);
      if (waiting_->next_start_ns) give_out(out);
    }
  }

  void give_out(std::vector<Cue>& out) {
    PlannedCue planned = *std::move(waiting_);
    waiting_.reset();
    const CueSpeech spoken = speech(planned);
    std::optional<int64_t> next_start_ns = planned.next_start_ns;
    if (next_start_ns) {
      const int64_t earliest_ns = spoken.start_ns + kShortestCue_ns + shape_.min_gap_ns;
      next_start_ns = std::max(*next_start_ns, earliest_ns);
    }
    Cue cue{spoken.start_ns, cue_end_ns(shape_, spoken, next_start_ns), {}, {}};
    earliest_ns_ = cue.end_ns + shape_.min_gap_ns;
    const std::optional<LineLayout> layout = breaker_.lay_out(planned.pieces);
    cue.lines = line_texts(planned.pieces, layout->begins);
    for (Piece& piece : planned.pieces) {
      for (CaptionWord& word : piece.words) cue.words.push_back(std::move(word));
    }
    out.push_back(std::move(cue));
  }

  CueShape shape_;
  std::string language_;
  WordJoiner joiner_;
  PieceCutter cutter_;
  RunCollector collector_;
  CueSegmenter segmenter_;
  LineBreaker breaker_;
  std::optional<PlannedCue> waiting_;  // decided but for its end
  int64_t earliest_ns_ = kNever;       // no cue begins before this
  int64_t silent_until_ns_ = kNever;
};

CueShaper::CueShaper(const CueShape& shape) : shaping_(std::make_unique<Shaping>(shape)) {}
CueShaper::~CueShaper() = default;
CueShaper::CueShaper(CueShaper&&) noexcept = default;
CueShaper& CueShaper::operator=(CueShaper&&) noexcept = default;

void CueShaper::set_language(const std::string& code) {
  shaping_->set_language(code);
}

std::vector<Cue> CueShaper::push(std::span<const CaptionWord> words) {
  std::vector<Cue> cues;
  for (const CaptionWord& word : words) shaping_->push(word, cues);
  return cues;
}

std::vector<Cue> CueShaper::silent_until(int64_t until_ns) {
  std::vector<Cue> cues;
  shaping_->silent_until(until_ns, cues);
  return cues;
}

std::vector<Cue> CueShaper::finish() {
  std::vector<Cue> cues;
  shaping_->finish(cues);
  return cues;
}

void CueShaper::reset() {
  shaping_->reset();
}

int64_t CueShaper::decided_ns() const {
  return shaping_->decided_ns();
}

}  // namespace npu::captions
