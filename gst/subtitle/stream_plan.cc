// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/stream_plan.h"

#include <gst/pbutils/pbutils.h>

#include "captions/caption_text.h"

namespace npu::subtitle {
namespace {

// The muxer's pad for a stream. A stream as it is must fit in every field that the pad names; of
// one that a parser will complete, some form must.
enum class Fit { kWhole, kSome };
GstPadTemplate* entry_for(const GstCaps* caps, GstElement* muxer, Fit fit) {
  for (GList* item = gst_element_get_pad_template_list(muxer); item; item = item->next) {
    GstPadTemplate* entry = GST_PAD_TEMPLATE(item->data);
    if (GST_PAD_TEMPLATE_DIRECTION(entry) != GST_PAD_SINK) continue;
    const gst::CapsPtr accepted(gst_pad_template_get_caps(entry));
    const bool fits = fit == Fit::kWhole ? gst_caps_is_subset(caps, accepted.get())
                                         : gst_caps_can_intersect(caps, accepted.get());
    if (fits) return entry;
  }
  return nullptr;
}

// What a parser can make of a stream: its own formats of the same kind.
gst::CapsPtr parsed_caps(GstElementFactory* parser, const GstCaps* caps) {
  gst::CapsPtr result(gst_caps_new_empty());
  const GstStructure* stream = gst_caps_get_structure(caps, 0);
  for (const GList* item = gst_element_factory_get_static_pad_templates(parser); item;
       item = item->next) {
    auto* entry = static_cast<GstStaticPadTemplate*>(item->data);
    if (entry->direction != GST_PAD_SRC) continue;
    gst::CapsPtr offered(gst_static_pad_template_get_caps(entry));
    for (guint index = 0; index < gst_caps_get_size(offered.get()); ++index) {
      const GstStructure* format = gst_caps_get_structure(offered.get(), index);
      if (!gst_structure_has_name(format, gst_structure_get_name(stream))) continue;
      gst_caps_append_structure(result.get(), gst_structure_copy(format));
    }
  }
  return result;
}

std::optional<StreamPlan> through_parser(GstCaps* caps, GstElement* muxer) {
  GList* all =
      gst_element_factory_list_get_elements(GST_ELEMENT_FACTORY_TYPE_PARSER, GST_RANK_MARGINAL);
  all = g_list_sort(all, gst_plugin_feature_rank_compare_func);
  GList* fitting = gst_element_factory_list_filter(all, caps, GST_PAD_SINK, FALSE);
  std::optional<StreamPlan> plan;
  for (GList* item = fitting; item && !plan; item = item->next) {
    auto* factory = GST_ELEMENT_FACTORY(item->data);
    const gst::CapsPtr parsed = parsed_caps(factory, caps);
    if (gst_caps_is_empty(parsed.get())) continue;
    if (GstPadTemplate* entry = entry_for(parsed.get(), muxer, Fit::kSome)) {
      plan = StreamPlan{entry, GST_OBJECT_NAME(factory), false};
    }
  }
  gst_plugin_feature_list_free(fitting);
  gst_plugin_feature_list_free(all);
  return plan;
}

bool is_markup(GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const char* format = gst_structure_get_string(structure, "format");
  return gst_structure_has_name(structure, "text/x-raw") && format &&
         std::string_view(format) == "pango-markup";
}

}  // namespace

std::optional<StreamPlan> plan_stream(GstCaps* caps, GstElement* muxer) {
  if (GstPadTemplate* entry = entry_for(caps, muxer, Fit::kWhole))
    return StreamPlan{entry, "", false};
  if (is_markup(caps)) {
    const gst::CapsPtr plain(gst_caps_from_string("text/x-raw, format=(string)utf8"));
    if (GstPadTemplate* entry = entry_for(plain.get(), muxer, Fit::kWhole))
      return StreamPlan{entry, "", true};
  }
  return through_parser(caps, muxer);
}

std::string stream_name(GstCaps* caps) {
  const std::string_view type = gst_structure_get_name(gst_caps_get_structure(caps, 0));
  const char* kind = type.starts_with("video/") || type.starts_with("image/") ? "video"
                     : type.starts_with("audio/")                             ? "audio"
                     : type.starts_with("text/") || type.find("sub") != std::string_view::npos ||
                             type.starts_with("application/x-ssa") ||
                             type.starts_with("application/x-ass")
                         ? "subtitle"
                         : "data";
  const gst::CharPtr codec(gst_pb_utils_get_codec_description(caps));
  return std::string(kind) + " track (" + (codec ? codec.get() : std::string(type)) + ")";
}

std::string unescaped(std::string text) {
  using captions::replace_all;
  text = replace_all(std::move(text), "&lt;", "<");
  text = replace_all(std::move(text), "&gt;", ">");
  text = replace_all(std::move(text), "&quot;", "\"");
  text = replace_all(std::move(text), "&apos;", "'");
  text = replace_all(std::move(text), "&#39;", "'");
  return replace_all(std::move(text), "&amp;", "&");
}

}  // namespace npu::subtitle
