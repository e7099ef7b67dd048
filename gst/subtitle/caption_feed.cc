// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/caption_feed.h"

#include <gst/app/gstappsrc.h>

#include "captions/caption_text.h"
#include "subtitle/language_name.h"

namespace npu::subtitle {
namespace {

constexpr int64_t kMillisecond_ns = 1'000'000;

GstEvent* tags_of(const std::string& language) {
  GstTagList* tags =
      gst_tag_list_new(GST_TAG_LANGUAGE_CODE, language.empty() ? "und" : language.c_str(),
                       GST_TAG_TITLE, track_title(language).c_str(), nullptr);
  gst_tag_list_set_scope(tags, GST_TAG_SCOPE_STREAM);
  return gst_event_new_tag(tags);
}

GstBuffer* buffer_of(const captions::Caption& caption, int64_t start_ms, int64_t end_ms) {
  const std::string text = captions::clean_text(caption.text);
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, text.size(), nullptr);
  gst_buffer_fill(buffer, 0, text.data(), text.size());
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(start_ms * kMillisecond_ns);
  GST_BUFFER_DURATION(buffer) = static_cast<GstClockTime>((end_ms - start_ms) * kMillisecond_ns);
  return buffer;
}

}  // namespace

CaptionFeed::CaptionFeed(const std::vector<captions::Caption>& captions,
                         const std::optional<std::string>& track_language)
    : element_(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("appsrc", nullptr)))) {
  const gst::CapsPtr caps(gst_caps_from_string("text/x-raw, format=(string)utf8"));
  GstAppSrc* source = GST_APP_SRC(element_.get());
  g_object_set(source, "caps", caps.get(), "format", GST_FORMAT_TIME, "max-bytes", guint64{0},
               nullptr);
  // Serialised: it leaves after caps and segment, before the first buffer.
  if (track_language) gst_element_send_event(element_.get(), tags_of(*track_language));
  const std::vector<captions::MillisecondTimes> times = captions::to_milliseconds(captions);
  for (size_t index = 0; index < captions.size(); ++index) {
    int64_t end_ms = times[index].end_ms;
    // Between two captions MP4 has an empty sample, which must not last 0 ms.
    const bool abuts = index + 1 < captions.size() && end_ms == times[index + 1].start_ms;
    if (abuts && end_ms - times[index].start_ms > 1) --end_ms;
    gst_app_src_push_buffer(source, buffer_of(captions[index], times[index].start_ms, end_ms));
  }
  gst_app_src_end_of_stream(source);
}

}  // namespace npu::subtitle
