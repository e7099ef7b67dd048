// SPDX-License-Identifier: LGPL-2.1-or-later
// Fields of "npuwhisper/cue".
#include "text/cue_structure.h"

#include "text/cue_text.h"

namespace npu::gst {
namespace {

constexpr const char* kMetaName = "NpuWhisperCueMeta";

// [word{text, offset, duration, probability}]
void add_words(GstStructure* structure, const TextCue& cue) {
  if (cue.words.empty()) return;
  GValue words = G_VALUE_INIT;
  g_value_init(&words, GST_TYPE_ARRAY);
  for (const captions::CaptionWord& word : cue.words) {
    GValue item = G_VALUE_INIT;
    g_value_init(&item, GST_TYPE_STRUCTURE);
    g_value_take_boxed(
        &item, gst_structure_new("word", "text", G_TYPE_STRING, clean_cue_text(word.text).c_str(),
                                 "offset", G_TYPE_INT64, word.start_ns - cue.start_ns, "duration",
                                 G_TYPE_INT64, word.end_ns - word.start_ns, "probability",
                                 G_TYPE_DOUBLE, word.probability, nullptr));
    gst_value_array_append_and_take_value(&words, &item);
  }
  gst_structure_take_value(structure, "words", &words);
}

}  // namespace

StructurePtr make_cue_structure(const TextCue& cue, const CuePlace& place) {
  StructurePtr structure(gst_structure_new(
      "npuwhisper/cue", "text", G_TYPE_STRING, cue.text.c_str(), "running-time", G_TYPE_UINT64,
      place.running_time, "stream-time", G_TYPE_UINT64, static_cast<guint64>(cue.start_ns),
      "duration", G_TYPE_UINT64, static_cast<guint64>(cue.end_ns - cue.start_ns), "language-code",
      G_TYPE_STRING, place.language.c_str(), "pad", G_TYPE_STRING, place.pad, "avg-logprob",
      G_TYPE_DOUBLE, cue.facts.avg_logprob, "no-speech-prob", G_TYPE_DOUBLE,
      cue.facts.no_speech_prob, "temperature", G_TYPE_DOUBLE, cue.facts.temperature, nullptr));
  add_words(structure.get(), cue);
  return structure;
}

void register_cue_meta() {
  static const GstMetaInfo* const info = [] {
    const gchar* no_tags[] = {nullptr};
    return gst_meta_register_custom(kMetaName, no_tags, nullptr, nullptr, nullptr);
  }();
  static_cast<void>(info);
}

void add_cue_meta(GstBuffer* buffer, const GstStructure* cue) {
  GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, kMetaName);
  gst_structure_set(gst_custom_meta_get_structure(meta), "cue", GST_TYPE_STRUCTURE, cue, nullptr);
}

}  // namespace npu::gst
