// SPDX-License-Identifier: LGPL-2.1-or-later
// Builders of bus messages.
#include "messages.h"

#include "debug.h"
#include "gst_ptr.h"

namespace npu::gst {
namespace {

struct Mapped {
  GQuark domain;
  gint code;
};

Mapped map_error(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND};
    case ErrorCode::kNoDevice:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE};
    case ErrorCode::kBadModel:
    case ErrorCode::kUnsupported:
    case ErrorCode::kIo:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ};
    case ErrorCode::kInvalidArgument:
      return {GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS};
    case ErrorCode::kOutOfMemory:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT};
    case ErrorCode::kDeviceLost:
    case ErrorCode::kTimeout:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED};
    case ErrorCode::kCancelled:
    case ErrorCode::kInternal:
      break;
  }
  return {GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED};
}

}  // namespace

void post_error(GstElement* element, const char* doing, const Error& error) {
  const Mapped mapped = map_error(error.code);
  gst_element_message_full(element, GST_MESSAGE_ERROR, mapped.domain, mapped.code,
                           g_strdup_printf("%s: %s", doing, error.message.c_str()),
                           g_strdup(error.message.c_str()), __FILE__, GST_FUNCTION, __LINE__);
}

void post_device_lost(GstElement* element, const std::string& device, const std::string& reason) {
  GST_ELEMENT_WARNING_WITH_DETAILS(
      element, RESOURCE, FAILED,
      ("The NPU was lost and given up; text goes on, without a gap, on device %s.", device.c_str()),
      ("%s. Start the program again to use it; if that does not help, restart the machine.",
       reason.c_str()),
      ("active-device", G_TYPE_STRING, device.c_str(), nullptr));
}

void post_progress(GstElement* element, GstProgressType type, const std::string& text) {
  gst_element_post_message(
      element, gst_message_new_progress(GST_OBJECT(element), type, "load-model", text.c_str()));
}

void post_cue(GstElement* element, const GstStructure* cue) {
  gst_element_post_message(element,
                           gst_message_new_element(GST_OBJECT(element), gst_structure_copy(cue)));
  g_signal_emit_by_name(element, "cue", cue);
}

void post_language(GstElement* element, const std::string& code, double probability) {
  gst_element_post_message(
      element, gst_message_new_element(GST_OBJECT(element),
                                       gst_structure_new("npuwhisper/language", "language-code",
                                                         G_TYPE_STRING, code.c_str(), "probability",
                                                         G_TYPE_DOUBLE, probability, nullptr)));
}

void post_speech(GstElement* element, bool begins, GstClockTime running_time,
                 GstClockTime stream_time) {
  const char* name = begins ? "npuwhisper/speech-start" : "npuwhisper/speech-end";
  gst_element_post_message(
      element, gst_message_new_element(
                   GST_OBJECT(element),
                   gst_structure_new(name, "running-time", G_TYPE_UINT64, running_time,
                                     "stream-time", G_TYPE_UINT64, stream_time, nullptr)));
}

void post_qos(GstElement* element, const GstSegment& segment, const DroppedAudio& audio) {
  GstMessage* message =
      gst_message_new_qos(GST_OBJECT(element), TRUE,
                          gst_segment_to_running_time(&segment, GST_FORMAT_TIME, audio.timestamp),
                          gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, audio.timestamp),
                          audio.timestamp, audio.duration);
  gst_message_set_qos_stats(message, GST_FORMAT_DEFAULT, audio.processed, audio.dropped);
  gst_element_post_message(element, message);
}

void post_late(GstElement* element, GstClockTime delay, GstClockTime promised) {
  GST_ELEMENT_WARNING_WITH_DETAILS(
      element, CORE, CLOCK,
      ("Text comes %.1f s after its time, but the latency property allows %.1f s.",
       static_cast<double>(delay) / GST_SECOND, static_cast<double>(promised) / GST_SECOND),
      ("Raise the latency property, or use a smaller model or a faster device."),
      ("observed-delay", G_TYPE_UINT64, delay, "promised-delay", G_TYPE_UINT64, promised, nullptr));
}

}  // namespace npu::gst
