// SPDX-License-Identifier: LGPL-2.1-or-later
// Segments and words as they are.
#include "text/cue_former.h"

#include <utility>

#include "text/cue_text.h"

namespace npu::gst {
namespace {

// Nothing waits: a segment is decided when it comes.
class ImmediateFormer : public CueFormer {
 public:
  void set_language(const std::string&) override {}
  std::vector<TextCue> silent_until(int64_t) override { return {}; }
  std::vector<TextCue> finish() override { return {}; }
  void reset() override {}
  int64_t decided_ns(int64_t until_ns) const override { return until_ns; }
};

class SegmentFormer : public ImmediateFormer {
 public:
  std::vector<TextCue> push(const SpokenSegment& segment) override {
    std::string text = clean_cue_text(segment.text);
    if (text.empty()) return {};
    return {{segment.start_ns, segment.end_ns, std::move(text), segment.words, segment.facts}};
  }
};

class WordFormer : public ImmediateFormer {
 public:
  std::vector<TextCue> push(const SpokenSegment& segment) override {
    std::vector<TextCue> cues;
    for (captions::CaptionWord& word : words_of(segment)) {
      std::string text = clean_cue_text(word.text);
      cues.push_back({word.start_ns, word.end_ns, std::move(text), {}, segment.facts});
      cues.back().words.push_back(std::move(word));
    }
    return cues;
  }
};

}  // namespace

std::unique_ptr<CueFormer> CueFormer::create(OutputMode mode) {
  if (mode == OutputMode::kWords) return std::make_unique<WordFormer>();
  return std::make_unique<SegmentFormer>();
}

}  // namespace npu::gst
