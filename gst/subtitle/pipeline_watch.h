// SPDX-License-Identifier: LGPL-2.1-or-later
// Waits for a pipeline's end, and for everything that may come before it.
#pragma once

#include <gst/gst.h>

#include <functional>

#include "subtitle/failure.h"
#include "subtitle/stop_request.h"

namespace npu::subtitle {

struct WatchHandlers {
  std::function<Done(GstMessage*)> message;  // each but EOS; a failure ends the watch
  std::function<Done()> tick;                // after each message, and ten times a second
};

// Returns at EOS, at a handler's failure, or within a moment of a request to stop.
Done watch_pipeline(GstElement* pipeline, const StopRequest& stop, const WatchHandlers& handlers);

// Throws away what is still on the pipeline's bus.
void discard_messages(GstElement* pipeline);

}  // namespace npu::subtitle
