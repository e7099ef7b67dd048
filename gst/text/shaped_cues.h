// SPDX-License-Identifier: LGPL-2.1-or-later
// Cues as a viewer can read them: the shaper, and what it does not carry.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "captions/cue_shaper.h"
#include "text/cue_former.h"

namespace npu::gst {

// A cue may hold words of several segments: its log-probability and no-speech probability are the
// means over its words of those of their segments, its temperature is the highest. One without
// words goes on with the word before it, and says what that cue says.
class ShapedCues : public CueFormer {
 public:
  explicit ShapedCues(const captions::CueShape& shape) : shaper_(shape) {}

  void set_language(const std::string& code) override { shaper_.set_language(code); }
  std::vector<TextCue> push(const SpokenSegment& segment) override;
  std::vector<TextCue> silent_until(int64_t until_ns) override;
  std::vector<TextCue> finish() override;
  void reset() override;
  int64_t decided_ns(int64_t until_ns) const override;

 private:
  struct Source {
    size_t words;  // of this segment that are in no cue yet
    TextFacts facts;
  };

  std::vector<TextCue> complete(std::vector<captions::Cue> shaped);
  void take_facts(size_t words);

  captions::CueShaper shaper_;
  std::deque<Source> sources_;  // in the order of the words
  TextFacts last_;              // of the last cue
};

}  // namespace npu::gst
