// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/cue_details.h"

namespace npu::subtitle {
namespace {

std::vector<captions::CaptionWord> words_of(const GstStructure* cue, int64_t cue_start_ns) {
  std::vector<captions::CaptionWord> words;
  const GValue* list = gst_structure_get_value(cue, "words");
  if (!list || !GST_VALUE_HOLDS_ARRAY(list)) return words;
  for (guint index = 0; index < gst_value_array_get_size(list); ++index) {
    const GstStructure* item = gst_value_get_structure(gst_value_array_get_value(list, index));
    const char* text = gst_structure_get_string(item, "text");
    gint64 offset_ns = 0;
    gint64 duration_ns = 0;
    double probability = 0;
    gst_structure_get_int64(item, "offset", &offset_ns);
    gst_structure_get_int64(item, "duration", &duration_ns);
    gst_structure_get_double(item, "probability", &probability);
    const int64_t start_ns = cue_start_ns + offset_ns;
    words.push_back({text ? text : "", start_ns, start_ns + duration_ns, probability});
  }
  return words;
}

}  // namespace

void CueDetails::note(GstMessage* message) {
  const GstStructure* cue = gst_message_get_structure(message);
  if (!cue || !gst_structure_has_name(cue, "npuwhisper/cue")) return;
  guint64 start_ns = 0;
  guint64 duration_ns = 0;
  double avg_logprob = 0;
  double no_speech_prob = 0;
  gst_structure_get_uint64(cue, "running-time", &start_ns);
  gst_structure_get_uint64(cue, "duration", &duration_ns);
  const char* text = gst_structure_get_string(cue, "text");
  captions::Caption details;
  details.start_ns = static_cast<int64_t>(start_ns);
  details.end_ns = details.start_ns + static_cast<int64_t>(duration_ns);
  details.text = text ? text : "";
  if (gst_structure_get_double(cue, "avg-logprob", &avg_logprob)) details.avg_logprob = avg_logprob;
  if (gst_structure_get_double(cue, "no-speech-prob", &no_speech_prob)) {
    details.no_speech_prob = no_speech_prob;
  }
  details.words = words_of(cue, details.start_ns);
  cues_.push_back(std::move(details));
}

void CueDetails::complete(std::vector<captions::Caption>& captions) const {
  size_t next = 0;
  for (captions::Caption& caption : captions) {
    size_t found = next;
    while (found < cues_.size() &&
           (cues_[found].start_ns != caption.start_ns || cues_[found].text != caption.text)) {
      ++found;
    }
    if (found == cues_.size()) continue;
    next = found + 1;
    caption.avg_logprob = cues_[found].avg_logprob;
    caption.no_speech_prob = cues_[found].no_speech_prob;
    caption.words = cues_[found].words;
  }
}

}  // namespace npu::subtitle
