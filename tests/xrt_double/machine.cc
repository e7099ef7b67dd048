// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "xrt_headers.h"

namespace xrt_double {
namespace {

constexpr size_t kHeapBytes = 64 << 20;
constexpr size_t kPageBytes = 4096;

[[noreturn]] void throw_system(int code, const std::string& what) {
  throw std::system_error(code, std::system_category(), what);
}

[[noreturn]] void throw_exhausted() {
  throw_system(EINVAL, "DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed (err=-22)");
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

void read_number(const char* name, auto use) {
  const std::string value = environment(name);
  if (value.empty()) return;
  char* end = nullptr;
  const unsigned long number = std::strtoul(value.c_str(), &end, 10);
  if (*end != '\0')
    throw std::invalid_argument(std::string(name) + ": expected a number, found '" + value + "'");
  use(number);
}

}  // namespace

Scene environment_scene() {
  Scene scene;
  read_number("XRT_DOUBLE_DEVICES", [&](auto n) { scene.devices = static_cast<unsigned>(n); });
  read_number("XRT_DOUBLE_CONTEXTS", [&](auto n) { scene.contexts = static_cast<unsigned>(n); });
  read_number("XRT_DOUBLE_XCLBIN_BYTES", [&](auto n) { scene.xclbin_bytes = n; });
  read_number("XRT_DOUBLE_WATCHDOG_MS",
              [&](auto n) { scene.watchdog = std::chrono::milliseconds(n); });
  if (const std::string name = environment("XRT_DOUBLE_NAME"); !name.empty()) scene.name = name;
  scene.faults = environment("XRT_DOUBLE_FAULTS");
  scene.strict = !environment("XRT_DOUBLE_STRICT").empty();
  return scene;
}

// Never destroyed: programs keep objects of XRT in statics.
Machine& Machine::get() {
  static Machine* const machine = std::unique_ptr<Machine>(new Machine).release();
  return *machine;
}

void Machine::set_up(const Scene& scene, std::shared_ptr<Executor> executor) {
  const std::vector<Fault> faults = parse_faults(scene.faults);
  {
    const std::lock_guard lock(mutex);
    if (contexts_ > 0) note("set up anew with " + std::to_string(contexts_) + " contexts alive");
    scene_ = scene;
    configured_ = true;
    faults_ = faults;
    calls_ = {};
    violations_.clear();
    lost_ = wedged_ = held_ = false;
    contexts_ = 0;
  }
  const std::lock_guard lock(executor_mutex_);
  executor_ = executor ? std::move(executor) : default_executor();
}

// A process that sets nothing up is set up by its environment.
bool Machine::enter(Call call) {
  {
    std::unique_lock lock(mutex);
    if (!configured_) {
      lock.unlock();
      try {
        set_up(environment_scene(), nullptr);
      } catch (const std::invalid_argument& error) {
        std::fprintf(stderr, "xrt double: %s\n", error.what());
        std::_Exit(2);
      }
    }
  }
  const std::lock_guard lock(mutex);
  const std::optional<Fault> fault = fault_of(call);
  // Every command ends, a lost device's too, and its state needs no device.
  const bool waits = call == Call::kWait || call == Call::kListWait;
  if (wedged_ && !waits) throw_system(EIO, "IOCTL failed (err=-5)");
  if (fault) apply(*fault);
  if (lost_ && !waits && call != Call::kEnumerate) throw_system(ENODEV, "IOCTL failed (err=-19)");
  return !fault || fault->effect != Effect::kIgnore;
}

std::optional<Fault> Machine::begin_command() {
  return fault_of(Call::kCommand);
}

std::optional<Fault> Machine::fault_of(Call call) {
  const size_t count = ++calls_[static_cast<size_t>(call)];
  for (const Fault& fault : faults_)
    if (fault.call == call && fault.first <= count && count <= fault.last) return fault;
  return {};
}

void Machine::apply(const Fault& fault) {
  switch (fault.effect) {
    case Effect::kVanish:
      lose_device_locked();
      return;
    case Effect::kWedge:
      wedged_ = true;
      throw_system(EIO, "IOCTL failed (err=-5)");
    case Effect::kExhausted:
      throw_exhausted();
    case Effect::kIgnore:
      return;
    default:
      throw std::runtime_error(fault.text.empty() ? "a fault was injected" : fault.text);
  }
}

void Machine::note(const std::string& what) {
  std::fprintf(stderr, "xrt double: violation: %s\n", what.c_str());
  violations_.push_back(what);
  if (scene_.strict) std::_Exit(86);
}

void Machine::violate(const std::string& what) {
  const std::lock_guard lock(mutex);
  note(what);
}

void Machine::violate_if_alive(const std::string& what) {
  const std::lock_guard lock(mutex);
  if (!lost_ && !wedged_) note(what);
}

void Machine::refuse(const std::string& what) {
  violate(what);
  throw std::logic_error("xrt double: " + what);
}

std::vector<std::string> Machine::take_violations() {
  const std::lock_guard lock(mutex);
  return std::exchange(violations_, {});
}

void Machine::lose_device() {
  const std::lock_guard lock(mutex);
  lose_device_locked();
}

size_t Machine::calls(Call call) {
  const std::lock_guard lock(mutex);
  return calls_[static_cast<size_t>(call)];
}

void Machine::take_context() {
  const std::lock_guard lock(mutex);
  if (contexts_ >= scene_.contexts) throw_exhausted();
  ++contexts_;
}

void Machine::give_context_back() {
  const std::lock_guard lock(mutex);
  --contexts_;
  changed.notify_all();
}

size_t Machine::contexts() {
  const std::lock_guard lock(mutex);
  return contexts_;
}

// The heap is of one process and its buffers are few: what was freed is not used again.
std::shared_ptr<Memory> Machine::allocate(size_t bytes, uint32_t flags, uint32_t group) {
  const std::lock_guard lock(mutex);
  const bool heap = (flags & XRT_BO_FLAGS_CACHEABLE) != 0;
  if (heap && heap_bytes_ + bytes > kHeapBytes)
    throw_system(ENOMEM, "DRM_IOCTL_AMDXDNA_CREATE_BO IOCTL failed (err=-12)");
  if (heap) heap_bytes_ += bytes;
  const uint64_t address = next_address_;
  next_address_ += (bytes / kPageBytes + 2) * kPageBytes;  // a page between neighbours
  const auto give_back = [this, heap, bytes](Memory* memory) {
    std::default_delete<Memory>()(memory);
    if (heap) heap_bytes_ -= bytes;
  };
  const std::shared_ptr<Memory> made(
      std::make_unique<Memory>(bytes, address, flags, group).release(), give_back);
  std::erase_if(memories_, [](const auto& memory) { return memory.expired(); });
  memories_.push_back(made);
  return made;
}

std::vector<std::vector<std::byte>> Machine::device_copies(size_t bytes) {
  const std::lock_guard lock(mutex);
  std::vector<std::vector<std::byte>> copies;
  for (const auto& weak : memories_) {
    const auto memory = weak.lock();
    if (!memory || memory->size() != bytes) continue;
    const auto device = memory->device();
    copies.emplace_back(device.begin(), device.end());
  }
  return copies;
}

void Machine::hold(bool held) {
  const std::lock_guard lock(mutex);
  held_ = held;
  changed.notify_all();
}

void Machine::wait_until_held() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return held_ && at_gate_ > 0; });
}

Outcome Machine::execute(const Stream& stream) {
  const std::lock_guard lock(executor_mutex_);
  return executor_->run(stream);
}

void Machine::reset_array() {
  const std::lock_guard lock(executor_mutex_);
  executor_->reset();
}

void set_up(const Scene& scene, std::shared_ptr<Executor> executor) {
  Machine::get().set_up(scene, std::move(executor));
}

std::vector<std::string> take_violations() {
  return Machine::get().take_violations();
}

void hold() {
  Machine::get().hold(true);
}

void wait_until_held() {
  Machine::get().wait_until_held();
}

void release() {
  Machine::get().hold(false);
}

void wait_until_blocked() {
  Machine& machine = Machine::get();
  std::unique_lock lock(machine.mutex);
  machine.changed.wait(lock, [&] { return machine.blocked > 0; });
}

void vanish() {
  Machine::get().lose_device();
}

size_t calls(const std::string& name) {
  return Machine::get().calls(call_of(name));
}

size_t contexts() {
  return Machine::get().contexts();
}

std::vector<std::vector<std::byte>> device_copies(size_t bytes) {
  return Machine::get().device_copies(bytes);
}

}  // namespace xrt_double
