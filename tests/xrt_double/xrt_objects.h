// SPDX-License-Identifier: LGPL-2.1-or-later
// What stands behind XRT's handles.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "context.h"
#include "machine.h"
#include "xclbin_file.h"
#include "xrt_headers.h"

namespace xrt_core {
class device {
 public:
  std::map<std::string, xrt_double::XclbinFile> xclbins;  // registered, by UUID
};
}  // namespace xrt_core

namespace xrt {

class xclbin_impl {
 public:
  explicit xclbin_impl(xrt_double::XclbinFile read) : file(std::move(read)) {}
  const xrt_double::XclbinFile file;
};

class xclbin::kernel_impl {
 public:
  explicit kernel_impl(xrt_double::KernelInfo known) : info(std::move(known)) {}
  const xrt_double::KernelInfo info;
};

// What the program holds: kernels and runs hold the context itself, so this one's end is that of
// the program's last copy.
class hw_context_impl {
 public:
  explicit hw_context_impl(std::shared_ptr<xrt_double::Context> made) : context(std::move(made)) {}
  ~hw_context_impl() { context->close(); }
  hw_context_impl(const hw_context_impl&) = delete;
  hw_context_impl& operator=(const hw_context_impl&) = delete;
  const std::shared_ptr<xrt_double::Context> context;
};

class kernel_impl {
 public:
  kernel_impl(std::shared_ptr<xrt_double::Context> of, const xrt_double::KernelInfo& known)
      : context(std::move(of)), info(known) {}
  // Group ids as XRT packs them: the bank, and above it the slot of the xclbin.
  int group_id(size_t argument) const { return info.arguments[argument].bank | 1 << 16; }
  const std::shared_ptr<xrt_double::Context> context;
  const xrt_double::KernelInfo& info;  // the context's
};

class bo_impl {
 public:
  explicit bo_impl(xrt_double::MemoryRange of) : range(std::move(of)) {}
  const xrt_double::MemoryRange range;
};

class run_impl {
 public:
  explicit run_impl(std::shared_ptr<kernel_impl> of);
  ~run_impl();
  run_impl(const run_impl&) = delete;
  run_impl& operator=(const run_impl&) = delete;

  // What a start now would execute; checks all of it.
  std::shared_ptr<xrt_double::Command> prepare();
  // A start that is not done yet.
  bool running() const;
  void set_scalar(size_t index, const void* value, size_t bytes);
  void set_buffer(size_t index, const bo& buffer);

  const std::shared_ptr<kernel_impl> kernel;
  std::shared_ptr<xrt_double::Command> command;  // of the last start
  size_t lists = 0;                              // runlists that it belongs to

 private:
  struct Argument {
    bool set = false;
    uint64_t value = 0;
    std::shared_ptr<bo_impl> buffer;
  };
  const Argument& argument(size_t index) const;
  void check_instructions(const bo_impl& buffer, size_t words) const;
  std::vector<Argument> arguments_;
};

}  // namespace xrt
