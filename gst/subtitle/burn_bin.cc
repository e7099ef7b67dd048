// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/burn_bin.h"

#include "subtitle/debian_packages.h"

namespace npu::subtitle {
namespace {

// textoverlay scales its font with the width of the picture: 20 points at 640 leave room for a line
// of 42 characters.
constexpr const char* kFont = "Sans 20";

// pass=qual is a constant rate factor, which the quantizer property then holds.
constexpr const char* kDescription =
    "decodebin name=decoder ! videoconvert ! videoflip name=turn video-direction=auto "
    "! textoverlay name=overlay valignment=bottom halignment=center line-alignment=center "
    "! videoconvert ! x264enc name=encoder pass=qual ! h264parse name=last";

void expose(GstElement* bin, const char* element, const char* pad, const char* name) {
  const gst::ObjectPtr<GstElement> inside(gst_bin_get_by_name(GST_BIN(bin), element));
  const gst::ObjectPtr<GstPad> target(gst_element_get_static_pad(inside.get(), pad));
  gst_element_add_pad(bin, gst_ghost_pad_new(name, target.get()));
}

}  // namespace

Outcome<GstElement*> make_burn_bin(const BurnSettings& settings) {
  if (Done there = need_elements(
          {"decodebin", "videoconvert", "videoflip", "textoverlay", "x264enc", "h264parse"});
      !there) {
    return there.failure();
  }
  GError* error = nullptr;
  GstElement* bin = gst_parse_bin_from_description(kDescription, FALSE, &error);
  const gst::ErrorPtr owned(error);
  if (!bin) return Failure{ExitCode::kFailed, std::string("--burn: ") + error->message};
  const gst::ObjectPtr<GstElement> overlay(gst_bin_get_by_name(GST_BIN(bin), "overlay"));
  g_object_set(overlay.get(), "font-desc", settings.font.empty() ? kFont : settings.font.c_str(),
               nullptr);
  const gst::ObjectPtr<GstElement> encoder(gst_bin_get_by_name(GST_BIN(bin), "encoder"));
  g_object_set(encoder.get(), "quantizer", static_cast<guint>(settings.quality), nullptr);
  expose(bin, "decoder", "sink", "sink");
  expose(bin, "overlay", "text_sink", "text");
  expose(bin, "last", "src", "src");
  return bin;
}

}  // namespace npu::subtitle
