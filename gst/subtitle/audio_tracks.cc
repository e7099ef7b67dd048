// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/audio_tracks.h"

#include <gst/pbutils/pbutils.h>
#include <gst/tag/tag.h>

#include <algorithm>

#include "gst_ptr.h"
#include "model/tokenizer.h"

namespace npu::subtitle {
namespace {

constexpr GstClockTime kPatience = 5 * GST_SECOND;

void append(std::string& text, const std::string& part) {
  if (part.empty()) return;
  if (!text.empty()) text += ", ";
  text += part;
}

std::string counted(guint number, const char* unit) {
  return number == 0 ? "" : std::to_string(number) + " " + unit;
}

AudioTrack describe(GstDiscovererAudioInfo* info) {
  GstDiscovererStreamInfo* stream = GST_DISCOVERER_STREAM_INFO(info);
  const char* language = gst_discoverer_audio_info_get_language(info);
  std::string text = language ? language : "";
  char* title = nullptr;
  const GstTagList* tags = gst_discoverer_stream_info_get_tags(stream);
  if (tags && gst_tag_list_get_string(tags, GST_TAG_TITLE, &title)) {
    append(text, title);
    g_free(title);
  }
  const gst::CapsPtr caps(gst_discoverer_stream_info_get_caps(stream));
  if (caps && gst_caps_is_fixed(caps.get())) {
    const gst::CharPtr codec(gst_pb_utils_get_codec_description(caps.get()));
    append(text, codec.get());
  }
  const guint channels = gst_discoverer_audio_info_get_channels(info);
  append(text, counted(channels, channels == 1 ? "channel" : "channels"));
  append(text, counted(gst_discoverer_audio_info_get_sample_rate(info), "Hz"));
  return {language ? language : "", text.empty() ? "audio" : text};
}

// One code for a language, whatever names it.
std::string normal_code(const std::string& language) {
  if (const auto known = find_language(language)) return *known;
  const char* code = gst_tag_get_language_code_iso_639_1(language.c_str());
  return code ? code : language;
}

}  // namespace

std::vector<AudioTrack> audio_tracks(const std::string& file) {
  std::vector<AudioTrack> tracks;
  const gst::CharPtr uri(gst_filename_to_uri(file.c_str(), nullptr));
  const gst::ObjectPtr<GstDiscoverer> discoverer(gst_discoverer_new(kPatience, nullptr));
  if (!uri || !discoverer) return tracks;
  GstDiscovererInfo* info = gst_discoverer_discover_uri(discoverer.get(), uri.get(), nullptr);
  if (!info) return tracks;
  GList* streams = gst_discoverer_info_get_audio_streams(info);
  std::vector<std::pair<int, AudioTrack>> numbered;
  for (GList* item = streams; item; item = item->next) {
    auto* stream = static_cast<GstDiscovererStreamInfo*>(item->data);
    numbered.emplace_back(gst_discoverer_stream_info_get_stream_number(stream),
                          describe(GST_DISCOVERER_AUDIO_INFO(stream)));
  }
  gst_discoverer_stream_info_list_free(streams);
  g_object_unref(info);
  // The list itself has no order that is promised.
  std::sort(numbered.begin(), numbered.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [number, track] : numbered) tracks.push_back(std::move(track));
  return tracks;
}

std::string listed(const std::vector<AudioTrack>& tracks) {
  std::string text;
  for (size_t index = 0; index < tracks.size(); ++index) {
    text += (index > 0 ? "; " : "") + std::to_string(index + 1) + ": " + tracks[index].description;
  }
  return text;
}

int track_in_language(const std::vector<AudioTrack>& tracks, const std::string& language) {
  const std::string wanted = normal_code(language);
  const auto found = std::find_if(tracks.begin(), tracks.end(), [&wanted](const AudioTrack& track) {
    return !track.language.empty() && normal_code(track.language) == wanted;
  });
  return found == tracks.end() ? 0 : static_cast<int>(found - tracks.begin()) + 1;
}

}  // namespace npu::subtitle
