// SPDX-License-Identifier: LGPL-2.1-or-later
// Words into the shaper, cues with their segments' facts out of it.
#include "text/shaped_cues.h"

#include <algorithm>
#include <utility>

#include "text/cue_text.h"

namespace npu::gst {

std::vector<TextCue> ShapedCues::push(const SpokenSegment& segment) {
  const std::vector<captions::CaptionWord> words = words_of(segment);
  if (words.empty()) return {};
  sources_.push_back({words.size(), segment.facts});
  return complete(shaper_.push(words));
}

std::vector<TextCue> ShapedCues::silent_until(int64_t until_ns) {
  return complete(shaper_.silent_until(until_ns));
}

std::vector<TextCue> ShapedCues::finish() {
  std::vector<TextCue> cues = complete(shaper_.finish());
  sources_.clear();
  return cues;
}

void ShapedCues::reset() {
  shaper_.reset();
  sources_.clear();
}

int64_t ShapedCues::decided_ns(int64_t until_ns) const {
  return std::min(until_ns, shaper_.decided_ns());
}

std::vector<TextCue> ShapedCues::complete(std::vector<captions::Cue> shaped) {
  std::vector<TextCue> cues;
  for (captions::Cue& cue : shaped) {
    if (!cue.words.empty()) take_facts(cue.words.size());
    std::string text = clean_cue_text(cue.text());
    if (text.empty()) continue;
    cues.push_back({cue.start_ns, cue.end_ns, std::move(text), std::move(cue.words), last_});
  }
  return cues;
}

void ShapedCues::take_facts(size_t words) {
  TextFacts sum;
  size_t counted = 0;
  while (counted < words && !sources_.empty()) {
    Source& source = sources_.front();
    const size_t taken = std::min(words - counted, source.words);
    const auto weight = static_cast<double>(taken);
    sum.avg_logprob += source.facts.avg_logprob * weight;
    sum.no_speech_prob += source.facts.no_speech_prob * weight;
    sum.temperature = std::max(sum.temperature, source.facts.temperature);
    counted += taken;
    source.words -= taken;
    if (source.words == 0) sources_.pop_front();
  }
  const auto all = static_cast<double>(std::max<size_t>(counted, 1));
  last_ = {sum.avg_logprob / all, sum.no_speech_prob / all, sum.temperature};
}

}  // namespace npu::gst
