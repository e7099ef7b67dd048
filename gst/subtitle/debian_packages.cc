// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/debian_packages.h"

#include <gst/gst.h>

#include <algorithm>
#include <array>

#include "gst_ptr.h"

namespace npu::subtitle {
namespace {

constexpr std::string_view kBase = "gstreamer1.0-plugins-base";
constexpr std::string_view kGood = "gstreamer1.0-plugins-good";
constexpr std::string_view kBad = "gstreamer1.0-plugins-bad";
constexpr std::string_view kUgly = "gstreamer1.0-plugins-ugly";
constexpr std::string_view kLibav = "gstreamer1.0-libav";

struct PackageRow {
  std::string_view key;
  std::string_view package;
};

// By media type as it stands in the installer detail; the first row that occurs in it counts.
// Debian 12 and 13, by dpkg -S on the plugin files.
constexpr std::array<PackageRow, 37> kByMediaType = {{
    {"audio/x-opus", kBase},
    {"audio/x-vorbis", kBase},
    {"video/x-theora", kBase},
    {"application/ogg", kBase},
    {"audio/x-flac", kGood},
    {"audio/x-wavpack", kGood},
    {"audio/x-speex", kGood},
    {"audio/x-mulaw", kGood},
    {"audio/x-alaw", kGood},
    {"audio/x-wav", kGood},
    {"audio/x-au", kGood},
    {"layer=(int)3", kGood},
    {"layer=(int)[ 1, 3 ]", kGood},
    {"application/x-id3", kGood},
    {"application/x-apetag", kGood},
    {"video/quicktime", kGood},
    {"audio/x-m4a", kGood},
    {"application/x-3gp", kGood},
    {"video/x-matroska", kGood},
    {"audio/x-matroska", kGood},
    {"video/webm", kGood},
    {"audio/webm", kGood},
    {"video/x-flv", kGood},
    {"video/x-msvideo", kGood},
    {"video/x-dv", kGood},
    {"video/x-vp8", kGood},
    {"video/x-vp9", kGood},
    {"video/mpegts", kBad},
    {"systemstream=(boolean)true", kBad},
    {"application/mxf", kBad},
    {"audio/x-aiff", kBad},
    {"video/x-av1", kBad},
    {"video/x-ms-asf", kUgly},
    {"application/vnd.rn-realmedia", kUgly},
    {"audio/AMR", kUgly},
    {"video/x-cdxa", kUgly},
    // Nearly everything else is decoded by FFmpeg: AAC, AC-3, DTS, WMA, H.264, H.265, ...
    {"", kLibav},
}};

constexpr std::array<PackageRow, 17> kByElement = {{
    {"x264enc", kUgly},
    {"textoverlay", "gstreamer1.0-x"},
    {"matroskamux", kGood},
    {"mp4mux", kGood},
    {"capssetter", kGood},
    {"videoflip", kGood},
    {"h264parse", kBad},
    {"h265parse", kBad},
    {"parsebin", kBase},
    {"decodebin", kBase},
    {"videoconvert", kBase},
    {"audioconvert", kBase},
    {"audioresample", kBase},
    {"appsrc", kBase},
    {"filesrc", "libgstreamer1.0-0"},
    {"filesink", "libgstreamer1.0-0"},
    {"multiqueue", "libgstreamer1.0-0"},
}};

}  // namespace

std::string_view package_for_detail(std::string_view detail) {
  const size_t named = detail.find("|element-");
  if (named != std::string_view::npos) {
    const std::string_view package = package_of_element(detail.substr(named + 9));
    if (!package.empty()) return package;
  }
  return std::find_if(kByMediaType.begin(), kByMediaType.end(),
                      [detail](const PackageRow& row) {
                        return detail.find(row.key) != std::string_view::npos;
                      })
      ->package;
}

std::string_view package_of_element(std::string_view element) {
  const auto* found = std::find_if(kByElement.begin(), kByElement.end(),
                                   [element](const PackageRow& row) { return row.key == element; });
  return found == kByElement.end() ? std::string_view() : found->package;
}

Done need_elements(std::initializer_list<const char*> elements) {
  for (const char* name : elements) {
    const gst::ObjectPtr<GstElementFactory> factory(gst_element_factory_find(name));
    if (factory) continue;
    const std::string_view package = package_of_element(name);
    return Failure{ExitCode::kMissingDecoder,
                   std::string("GStreamer has no element ") + name +
                       (package.empty() ? ": is its plugin installed, or GST_PLUGIN_PATH set?"
                                        : " (Debian: " + std::string(package) + ")")};
  }
  return done();
}

}  // namespace npu::subtitle
