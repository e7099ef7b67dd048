// SPDX-License-Identifier: LGPL-2.1-or-later
// A pad probe for buffers and events.
#include "text_watch.h"

#include <memory>
#include <string>
#include <utility>

#include "gst_ptr.h"

namespace npu::testing {
namespace {

using nlohmann::json;

struct Watch {
  JsonLines& lines;
  std::string name;
  GstSegment segment;

  json times(GstClockTime pts, GstClockTime duration) const {
    const bool timed = segment.format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID(pts);
    const auto in_segment = [&](auto convert) {
      return timed ? json_time(convert(&segment, GST_FORMAT_TIME, pts)) : json();
    };
    return {{"pad", name},
            {"pts", json_time(pts)},
            {"duration", json_time(duration)},
            {"running", in_segment(gst_segment_to_running_time)},
            {"stream", in_segment(gst_segment_to_stream_time)}};
  }

  void buffer(GstBuffer* buffer) const {
    json line = times(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer));
    std::string text(gst_buffer_get_size(buffer), '\0');
    gst_buffer_extract(buffer, 0, text.data(), text.size());
    line["kind"] = "cue";
    line["text"] = text;
    lines.write(line);
  }

  void gap(GstEvent* event) const {
    GstClockTime start = 0;
    GstClockTime duration = 0;
    GstGapFlags flags{};
    gst_event_parse_gap(event, &start, &duration);
    gst_event_parse_gap_flags(event, &flags);
    json line = times(start, duration);
    line["kind"] = "gap";
    line["missing-data"] = (flags & GST_GAP_FLAG_MISSING_DATA) != 0;
    lines.write(line);
  }

  void tags(GstEvent* event) const {
    GstTagList* list = nullptr;
    gst_event_parse_tag(event, &list);
    json line{{"kind", "tags"}, {"pad", name}};
    for (const char* tag : {GST_TAG_LANGUAGE_CODE, GST_TAG_TITLE}) {
      const gchar* value = nullptr;
      if (gst_tag_list_peek_string_index(list, tag, 0, &value)) line[tag] = value;
    }
    lines.write(line);
  }

  void event(GstEvent* event) {
    switch (GST_EVENT_TYPE(event)) {
      case GST_EVENT_GAP:
        return gap(event);
      case GST_EVENT_TAG:
        return tags(event);
      case GST_EVENT_CAPS: {
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event, &caps);
        return lines.write({{"kind", "caps"},
                            {"pad", name},
                            {"caps", gst::CharPtr(gst_caps_to_string(caps)).get()}});
      }
      case GST_EVENT_SEGMENT:
        gst_event_copy_segment(event, &segment);
        return lines.write({{"kind", "segment"}, {"pad", name}});
      case GST_EVENT_FLUSH_STOP:
        return lines.write({{"kind", "flush"}, {"pad", name}});
      case GST_EVENT_EOS:
        return lines.write({{"kind", "eos"}, {"pad", name}});
      default:
        return;
    }
  }
};

GstPadProbeReturn on_item(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* watch = static_cast<Watch*>(data);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
    watch->buffer(GST_PAD_PROBE_INFO_BUFFER(info));
  else
    watch->event(GST_PAD_PROBE_INFO_EVENT(info));
  return GST_PAD_PROBE_OK;
}

}  // namespace

void watch_text(GstPad* pad, JsonLines& lines) {
  const gst::CharPtr name(gst_pad_get_name(pad));
  auto watch = std::make_unique<Watch>(Watch{lines, name.get(), {}});
  gst_segment_init(&watch->segment, GST_FORMAT_UNDEFINED);
  gst_pad_add_probe(
      pad,
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                   GST_PAD_PROBE_TYPE_EVENT_FLUSH),
      on_item, watch.release(), [](gpointer data) { delete static_cast<Watch*>(data); });
}

}  // namespace npu::testing
