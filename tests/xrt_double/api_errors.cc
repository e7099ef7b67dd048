// SPDX-License-Identifier: LGPL-2.1-or-later
// The exceptions that waiting throws. aie_error::data() is declared by XRT 2.25, but its library
// does not have it.
#include <string>
#include <utility>

#include "xrt_objects.h"

namespace xrt {

class run::command_error_impl {
 public:
  command_error_impl(run of, ert_cmd_state state, std::string what)
      : failed(std::move(of)), end(state), text(std::move(what)) {}
  const run failed;
  const ert_cmd_state end;
  const std::string text;
};

class runlist::command_error_impl : public run::command_error_impl {
 public:
  using run::command_error_impl::command_error_impl;
};

run::command_error::command_error(ert_cmd_state state, const std::string& what)
    : pimpl(std::make_shared<command_error_impl>(run(), state, what)) {}

run::command_error::command_error(const run& run, const std::string& what)
    : pimpl(std::make_shared<command_error_impl>(run, run.state(), what)) {}

ert_cmd_state run::command_error::get_command_state() const {
  return handle->end;
}

const char* run::command_error::what() const noexcept {
  return handle->text.c_str();
}

run::aie_error::aie_error(const run& run, const std::string& what) : command_error(run, what) {}

runlist::command_error::command_error(const run& run, ert_cmd_state state, const std::string& what)
    : pimpl(std::make_shared<command_error_impl>(run, state, what)) {}

run runlist::command_error::get_run() const {
  return handle->failed;
}

ert_cmd_state runlist::command_error::get_command_state() const {
  return handle->end;
}

const char* runlist::command_error::what() const noexcept {
  return handle->text.c_str();
}

runlist::aie_error::aie_error(const run& run, ert_cmd_state state, const std::string& what)
    : command_error(run, state, what) {}

}  // namespace xrt
