// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/bus_errors.h"

#include <gst/pbutils/pbutils.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "gst_ptr.h"

namespace npu::subtitle {
namespace {

struct PackageRow {
  std::string_view media_type;  // as it stands in the installer detail
  std::string_view packages;
};

// Debian's packages for what people's files hold; the first matching row counts.
constexpr std::array<PackageRow, 12> kPackages = {{
    {"audio/x-opus", "gstreamer1.0-plugins-base"},
    {"audio/x-vorbis", "gstreamer1.0-plugins-base"},
    {"application/ogg", "gstreamer1.0-plugins-base"},
    {"audio/x-flac", "gstreamer1.0-plugins-good"},
    {"audio/x-wav", "gstreamer1.0-plugins-good"},
    {"video/quicktime", "gstreamer1.0-plugins-good"},
    {"video/x-matroska", "gstreamer1.0-plugins-good"},
    {"audio/x-matroska", "gstreamer1.0-plugins-good"},
    {"video/webm", "gstreamer1.0-plugins-good"},
    {"video/mpegts", "gstreamer1.0-plugins-bad"},
    {"layer=(int)3", "gstreamer1.0-plugins-good"},
    {"", "gstreamer1.0-libav"},
}};

std::string_view packages_of(std::string_view detail) {
  return std::find_if(kPackages.begin(), kPackages.end(),
                      [detail](const PackageRow& row) {
                        return detail.find(row.media_type) != std::string_view::npos;
                      })
      ->packages;
}

bool is_from(const GstMessage* message, GstElement* element) {
  GstObject* source = GST_MESSAGE_SRC(message);
  return source &&
         (source == GST_OBJECT(element) || gst_object_has_as_ancestor(source, GST_OBJECT(element)));
}

std::string single(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// The element's codes (gst/messages.cc): a model that is not there or not readable is RESOURCE
// NOT_FOUND or OPEN_READ, a device is RESOURCE OPEN_READ_WRITE or FAILED.
ExitCode code_of_whisper(const GError& error) {
  if (error.domain == GST_RESOURCE_ERROR) {
    switch (error.code) {
      case GST_RESOURCE_ERROR_NOT_FOUND:
      case GST_RESOURCE_ERROR_OPEN_READ:
        return ExitCode::kModel;
      case GST_RESOURCE_ERROR_OPEN_READ_WRITE:
      case GST_RESOURCE_ERROR_FAILED:
        return ExitCode::kDevice;
      default:
        return ExitCode::kFailed;
    }
  }
  const bool is_setting =
      error.domain == GST_LIBRARY_ERROR && error.code == GST_LIBRARY_ERROR_SETTINGS;
  return is_setting ? ExitCode::kUsage : ExitCode::kFailed;
}

bool is_missing_plugin(const GError& error) {
  return (error.domain == GST_CORE_ERROR && error.code == GST_CORE_ERROR_MISSING_PLUGIN) ||
         (error.domain == GST_STREAM_ERROR && error.code == GST_STREAM_ERROR_CODEC_NOT_FOUND);
}

}  // namespace

bool BusErrors::note_missing_plugin(GstMessage* message) {
  if (!gst_is_missing_plugin_message(message)) return false;
  const gst::CharPtr description(gst_missing_plugin_message_get_description(message));
  const gst::CharPtr detail(gst_missing_plugin_message_get_installer_detail(message));
  std::string text = description ? description.get() : "a plugin";
  text += " (Debian: " + std::string(packages_of(detail ? detail.get() : "")) + ")";
  if (std::find(missing_.begin(), missing_.end(), text) == missing_.end()) missing_.push_back(text);
  return true;
}

Failure BusErrors::missing_decoder(const std::string& file) const {
  std::string list;
  for (const std::string& what : missing_) list += (list.empty() ? "" : ", ") + what;
  return {ExitCode::kMissingDecoder,
          file + ": GStreamer lacks " + (list.empty() ? "a plugin to decode it" : list)};
}

Failure BusErrors::explain(GstMessage* error, GstElement* whisper, const std::string& file) const {
  GError* parsed = nullptr;
  char* debug = nullptr;
  gst_message_parse_error(error, &parsed, &debug);
  const gst::ErrorPtr owned(parsed);
  const gst::CharPtr owned_debug(debug);
  const std::string text = single(parsed->message);
  if (is_from(error, whisper)) {
    // A flow error that merely passes on what the source has reported carries no news of its own.
    return {code_of_whisper(*parsed), text};
  }
  // decodebin misses a plugin without naming it if the file has no stream of the wanted kind.
  if (is_missing_plugin(*parsed)) {
    if (any_missing_plugin()) return missing_decoder(file);
    return {ExitCode::kNoAudio, file + " has no audio track"};
  }
  // The demuxer's "internal data stream error" after a missing decoder is its consequence.
  const bool is_medium = parsed->domain == GST_STREAM_ERROR || parsed->domain == GST_RESOURCE_ERROR;
  if (is_medium && any_missing_plugin()) return missing_decoder(file);
  return {is_medium ? ExitCode::kInput : ExitCode::kFailed, file + ": " + text};
}

}  // namespace npu::subtitle
