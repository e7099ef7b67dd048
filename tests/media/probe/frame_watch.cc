// SPDX-License-Identifier: LGPL-2.1-or-later
// A pad probe for pictures.
#include "frame_watch.h"

#include <memory>
#include <string>
#include <utility>

#include "bright_pixels.h"
#include "gst_ptr.h"

namespace npu::testing {
namespace {

using nlohmann::json;

struct Watch {
  JsonLines& lines;
  std::string element;
  GstSegment segment;
  GstVideoInfo info;

  void picture(GstBuffer* buffer) const {
    const GstClockTime running =
        gst_segment_to_running_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    const int count = bright_pixels(buffer, info);
    lines.write({{"kind", "frame"},
                 {"at", element},
                 {"running", json_time(running)},
                 {"duration", json_time(GST_BUFFER_DURATION(buffer))},
                 {"bright", count < 0 ? json() : json(count)}});
  }

  void event(GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) gst_event_copy_segment(event, &segment);
    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return;
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    if (!gst_video_info_from_caps(&info, caps)) gst_video_info_init(&info);
  }
};

GstPadProbeReturn on_item(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* watch = static_cast<Watch*>(data);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
    watch->picture(GST_PAD_PROBE_INFO_BUFFER(info));
  else
    watch->event(GST_PAD_PROBE_INFO_EVENT(info));
  return GST_PAD_PROBE_OK;
}

}  // namespace

void watch_frames(GstPad* pad, JsonLines& lines) {
  const gst::CharPtr element(gst_object_get_name(GST_OBJECT_PARENT(pad)));
  auto watch = std::make_unique<Watch>(Watch{lines, element.get(), {}, {}});
  gst_segment_init(&watch->segment, GST_FORMAT_UNDEFINED);
  gst_video_info_init(&watch->info);
  gst_pad_add_probe(
      pad,
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      on_item, watch.release(), [](gpointer data) { delete static_cast<Watch*>(data); });
}

}  // namespace npu::testing
