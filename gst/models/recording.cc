// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/recording.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#include <filesystem>
#include <memory>

#include "gst_ptr.h"

namespace npu::models {
namespace {

constexpr GstClockTime kPatience = 100 * GST_MSECOND;  // between looks at `cancel`

constexpr char kPipeline[] =
    "filesrc name=file ! decodebin expose-all-streams=false caps=audio/x-raw(ANY) "
    "! audioconvert ! audioresample ! audio/x-raw,format=F32LE,rate=16000,channels=1 "
    "! appsink name=samples sync=false max-buffers=16";

using gst::ErrorPtr;
using gst::ObjectPtr;

// Ends in NULL, whatever happened.
class Decoder {
 public:
  explicit Decoder(GstElement* pipeline) : pipeline_(pipeline) {}
  ~Decoder() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  ObjectPtr<GstElement> part(const char* name) const {
    return ObjectPtr<GstElement>(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
  }
  void play() { gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING); }
  // What went wrong, if something did.
  ErrorPtr error() const {
    const ObjectPtr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
    const gst::MessagePtr message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
    GError* found = nullptr;
    if (message) gst_message_parse_error(message.get(), &found, nullptr);
    return ErrorPtr(found);
  }

 private:
  const ObjectPtr<GstElement> pipeline_;
};

void append(GstSample* sample, std::vector<float>& samples) {
  GstBuffer* const buffer = gst_sample_get_buffer(sample);
  GstMapInfo map;
  if (!buffer || !gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
  const auto* first = reinterpret_cast<const float*>(map.data);
  samples.insert(samples.end(), first, first + map.size / sizeof(float));
  gst_buffer_unmap(buffer, &map);
}

Error unreadable(const std::string& path, const char* reason) {
  return {ErrorCode::kIo, text(path, ": cannot decode it: ", reason)};
}

}  // namespace

Result<std::vector<float>> read_recording(const std::string& path, const CancelToken& cancel) {
  std::error_code missing;
  if (!std::filesystem::exists(path, missing))
    return Error{ErrorCode::kNotFound, text(path, ": no such file")};
  GError* raw = nullptr;
  if (!gst_init_check(nullptr, nullptr, &raw)) {
    const ErrorPtr error(raw);
    return unreadable(path, error ? error->message : "GStreamer does not start");
  }
  GstElement* const made =
      gst_parse_launch_full(kPipeline, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &raw);
  const ErrorPtr parse_error(raw);
  if (!made) return unreadable(path, parse_error->message);
  Decoder decoder(made);
  g_object_set(decoder.part("file").get(), "location", path.c_str(), nullptr);
  const auto sink = decoder.part("samples");
  decoder.play();
  std::vector<float> samples;
  for (;;) {
    if (cancel.cancelled()) return Error{ErrorCode::kCancelled, text(path, ": cancelled")};
    const gst::SamplePtr sample(gst_app_sink_try_pull_sample(GST_APP_SINK(sink.get()), kPatience));
    if (sample) {
      append(sample.get(), samples);
      continue;
    }
    if (const auto error = decoder.error()) return unreadable(path, error->message);
    if (gst_app_sink_is_eos(GST_APP_SINK(sink.get()))) return samples;
  }
}

}  // namespace npu::models
