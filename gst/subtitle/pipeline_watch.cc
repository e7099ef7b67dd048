// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/pipeline_watch.h"

#include "gst_ptr.h"

namespace npu::subtitle {
namespace {

// How often the bar moves and interrupts are looked for; errors and the end are seen at once.
constexpr GstClockTime kTick = 100 * GST_MSECOND;

}  // namespace

Done watch_pipeline(GstElement* pipeline, const StopRequest& stop, const WatchHandlers& handlers) {
  const gst::ObjectPtr<GstBus> bus(gst_element_get_bus(pipeline));
  while (true) {
    if (const auto reason = stop.reason()) return *reason;
    const gst::MessagePtr message(gst_bus_timed_pop(bus.get(), kTick));
    if (message) {
      if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) return done();
      if (Done handled = handlers.message(message.get()); !handled) return handled;
    }
    if (Done ticked = handlers.tick(); !ticked) return ticked;
  }
}

void discard_messages(GstElement* pipeline) {
  const gst::ObjectPtr<GstBus> bus(gst_element_get_bus(pipeline));
  gst_bus_set_flushing(bus.get(), TRUE);
  gst_bus_set_flushing(bus.get(), FALSE);
}

}  // namespace npu::subtitle
