// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/audio_tracks.h"

#include <gst/pbutils/pbutils.h>

#include "subtitle/owned.h"

namespace npu::subtitle {
namespace {

void append(std::string& text, const std::string& part) {
  if (part.empty()) return;
  if (!text.empty()) text += ", ";
  text += part;
}

std::string tag_text(const GstTagList* tags, const char* name) {
  char* value = nullptr;
  if (!tags || !gst_tag_list_get_string(tags, name, &value)) return "";
  const OwnedChars owned(value);
  return value;
}

std::string codec_text(const GstCaps* caps, const GstTagList* tags) {
  if (caps && gst_caps_is_fixed(caps)) {
    const OwnedChars description(gst_pb_utils_get_codec_description(caps));
    if (description) return description.get();
  }
  return tag_text(tags, GST_TAG_AUDIO_CODEC);
}

std::string format_text(const GstCaps* caps) {
  if (!caps || gst_caps_is_empty(caps) || gst_caps_is_any(caps)) return "";
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  std::string text;
  int value = 0;
  if (gst_structure_get_int(structure, "channels", &value)) {
    append(text, std::to_string(value) + (value == 1 ? " channel" : " channels"));
  }
  if (gst_structure_get_int(structure, "rate", &value)) append(text, std::to_string(value) + " Hz");
  return text;
}

AudioTrack track_of(GstStream* stream) {
  const OwnedTags tags(gst_stream_get_tags(stream));
  const OwnedCaps caps(gst_stream_get_caps(stream));
  std::string description = tag_text(tags.get(), GST_TAG_LANGUAGE_CODE);
  append(description, tag_text(tags.get(), GST_TAG_TITLE));
  append(description, codec_text(caps.get(), tags.get()));
  append(description, format_text(caps.get()));
  return {gst_stream_get_stream_id(stream), description.empty() ? "audio" : description};
}

}  // namespace

std::vector<AudioTrack> audio_tracks(GstStreamCollection* collection) {
  std::vector<AudioTrack> tracks;
  for (guint index = 0; index < gst_stream_collection_get_size(collection); ++index) {
    GstStream* stream = gst_stream_collection_get_stream(collection, index);
    if (gst_stream_get_stream_type(stream) & GST_STREAM_TYPE_AUDIO) {
      tracks.push_back(track_of(stream));
    }
  }
  return tracks;
}

std::string listed(const std::vector<AudioTrack>& tracks) {
  std::string text;
  for (size_t index = 0; index < tracks.size(); ++index) {
    text += (index > 0 ? "; " : "") + std::to_string(index + 1) + ": " + tracks[index].description;
  }
  return text;
}

}  // namespace npu::subtitle
