// SPDX-License-Identifier: LGPL-2.1-or-later
// XRT's headers as its own library includes them: what they declare is visible, all else is not.
#pragma once

#include <any>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

// What stands behind the handles is the double's own: the first declaration decides.
#pragma GCC visibility push(hidden)
namespace xrt {
class bo_impl;
class hw_context_impl;
class kernel_impl;
class run_impl;
class runlist_impl;
class xclbin_impl;
}  // namespace xrt
#pragma GCC visibility pop

#define XRT_API_SOURCE
#pragma GCC visibility push(default)
#include <xrt/experimental/xrt_kernel.h>
#include <xrt/experimental/xrt_system.h>
#include <xrt/experimental/xrt_version.h>
#include <xrt/experimental/xrt_xclbin.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_hw_context.h>
#include <xrt/xrt_kernel.h>
#pragma GCC visibility pop
