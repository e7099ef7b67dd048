// SPDX-License-Identifier: LGPL-2.1-or-later
// A stream that is stopped before its first data, until everything else is in place.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <mutex>

#include "gst_ptr.h"

namespace npu::subtitle {

// Watches a source pad that is not linked yet. Its address must not change. Thread-safe.
class HeldStream {
 public:
  // Events pass; the first buffer, gap or end waits for release(). `known` is called, from the
  // thread that pushes, when is_known() becomes true. `position_ns` follows the running time of
  // what flows later. Both must live as long as the pad pushes.
  HeldStream(gst::ObjectPtr<GstPad> pad, std::function<void()> known,
             std::atomic<int64_t>& position_ns);
  HeldStream(const HeldStream&) = delete;
  HeldStream& operator=(const HeldStream&) = delete;

  // It waits, or it is a sparse one (subtitles) of which the format is there: its first data may
  // be far away.
  bool is_known() const;
  // Null if it ended without any.
  gst::CapsPtr caps() const { return gst::CapsPtr(gst_pad_get_current_caps(pad_.get())); }
  GstPad* pad() const { return pad_.get(); }
  void release();

 private:
  static GstPadProbeReturn on_first(GstPad*, GstPadProbeInfo* info, void* self);
  static GstPadProbeReturn on_buffer(GstPad* pad, GstPadProbeInfo* info, void* self);
  bool decides(GstEvent* event);

  const gst::ObjectPtr<GstPad> pad_;
  const std::function<void()> known_callback_;
  std::atomic<int64_t>& position_ns_;
  gulong probe_ = 0;
  mutable std::mutex mutex_;
  bool sparse_ = false;  // guarded by mutex_
  bool known_ = false;   // guarded by mutex_
};

}  // namespace npu::subtitle
