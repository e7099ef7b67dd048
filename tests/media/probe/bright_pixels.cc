// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts over the luma plane.
#include "bright_pixels.h"

#include <cstddef>

namespace npu::testing {
namespace {

constexpr guint8 kBright = 128;

bool has_luma_of_8_bits(const GstVideoFormatInfo* format) {
  return format && GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format) > 0 &&
         (GST_VIDEO_FORMAT_INFO_IS_YUV(format) || GST_VIDEO_FORMAT_INFO_IS_GRAY(format)) &&
         GST_VIDEO_FORMAT_INFO_DEPTH(format, 0) == 8;
}

}  // namespace

int bright_pixels(GstBuffer* buffer, const GstVideoInfo& info) {
  GstVideoFrame frame;
  if (!has_luma_of_8_bits(info.finfo) || !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ))
    return -1;
  const int step = GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, 0);
  int count = 0;
  for (int row = 0; row < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, 0); ++row) {
    const auto* pixel = static_cast<const guint8*>(GST_VIDEO_FRAME_COMP_DATA(&frame, 0)) +
                        static_cast<ptrdiff_t>(row) * GST_VIDEO_FRAME_COMP_STRIDE(&frame, 0);
    for (int column = 0; column < GST_VIDEO_FRAME_COMP_WIDTH(&frame, 0); ++column, pixel += step)
      count += *pixel >= kBright ? 1 : 0;
  }
  gst_video_frame_unmap(&frame);
  return count;
}

}  // namespace npu::testing
