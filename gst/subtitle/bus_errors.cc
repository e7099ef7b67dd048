// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/bus_errors.h"

#include <gst/pbutils/pbutils.h>

#include <algorithm>
#include <string_view>

#include "gst_ptr.h"
#include "subtitle/debian_packages.h"

namespace npu::subtitle {
namespace {

bool is_from(const GstMessage* message, GstElement* element) {
  GstObject* source = GST_MESSAGE_SRC(message);
  return element && source &&
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
  text += " (Debian: " + std::string(package_for_detail(detail ? detail.get() : "")) + ")";
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
