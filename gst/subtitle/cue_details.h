// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element's cue messages say beyond the text: words and probabilities.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "captions/caption.h"

namespace npu::subtitle {

// Collects messages while the pipeline runs, and hands what they say to the captions. One thread.
class CueDetails {
 public:
  // Takes note of an npuwhisper/cue message; others are passed over.
  void note(GstMessage* message);
  // Completes the captions, which must be those of the messages, in the same order; a caption
  // without a message stays as it is.
  void complete(std::vector<captions::Caption>& captions) const;
  void clear() { cues_.clear(); }

 private:
  std::vector<captions::Caption> cues_;
};

}  // namespace npu::subtitle
