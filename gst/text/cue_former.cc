// SPDX-License-Identifier: LGPL-2.1-or-later
// Segments and words as they are; shaped cues are in shaped_cues.cc.
#include "text/cue_former.h"

#include <utility>

#include "text/cue_text.h"
#include "text/shaped_cues.h"

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

std::unique_ptr<CueFormer> CueFormer::create(OutputMode mode, const captions::CueShape& shape) {
  switch (mode) {
    case OutputMode::kSegments:
      return std::make_unique<SegmentFormer>();
    case OutputMode::kWords:
      return std::make_unique<WordFormer>();
    case OutputMode::kCues:
      break;
  }
  return std::make_unique<ShapedCues>(shape);
}

}  // namespace npu::gst
