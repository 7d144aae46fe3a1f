// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "os/unwind.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <unwind.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "os/linux/function_names.hpp"

namespace cohort::os {

namespace {

constexpr int kMostFrames = 64;

struct PendingTrace {
  std::array<void*, kMostFrames> frames;
  int count = 0;
};
thread_local PendingTrace pending;

}  // namespace

extern "C" {

// The personality of cohort_trace_frame (unwind.S).
__attribute__((visibility("hidden"))) _Unwind_Reason_Code cohort_search_phase_personality(int, _Unwind_Action actions,
                                                                                          std::uint64_t,
                                                                                          _Unwind_Exception*,
                                                                                          _Unwind_Context*) {
  // Forced unwinding has no search phase, so thread cancellation leaves no trace.
  if ((actions & _UA_SEARCH_PHASE) != 0) pending.count = ::backtrace(pending.frames.data(), kMostFrames);
  return _URC_CONTINUE_UNWIND;
}

void cohort_trace_frame(void (*function)(void*), void* argument);
extern const char cohort_trace_frame_end[];
}

void call_with_trace(void (*function)(void*), void* argument) {
  pending.count = 0;
  cohort_trace_frame(function, argument);
}

StackTrace take_trace() noexcept try {
  StackTrace trace;
  trace.frames.assign(pending.frames.begin(), pending.frames.begin() + pending.count);
  pending.count = 0;
  return trace;
} catch (...) { return {}; }

std::string demangle(const char* mangled) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  return status == 0 && name ? std::string(name.get()) : std::string(mangled);
}

namespace {

// The frames of the unwinder and of the throw itself say nothing to a user.
bool is_machinery(const std::string& name) {
  return name == "cohort_search_phase_personality" || name == "_Unwind_RaiseException" || name == "__cxa_throw" ||
         name == "__cxa_rethrow" || name == "_Unwind_Resume_or_Rethrow";
}

// By address: the frame's symbol is hidden, so dladdr does not know its name.
bool is_trace_frame(const char* address) {
  return address >= reinterpret_cast<const char*>(&cohort_trace_frame) && address < cohort_trace_frame_end;
}

}  // namespace

std::string format_trace(const StackTrace& trace) {
  std::string text;
  int number = 0;
  bool before_throw = true;
  std::string held;  // frames of the unwinder, dropped once the throw is seen
  // A return address may lie one past the end of its function.
  std::vector<const void*> addresses;
  for (void* frame : trace.frames) addresses.push_back(static_cast<char*>(frame) - 1);
  const std::vector<std::string> names = function_names(addresses);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto* address = static_cast<const char*>(addresses[i]);
    if (is_trace_frame(address)) break;
    Dl_info info{};
    bool known = ::dladdr(address, &info) != 0;
    std::string name = names[i];
    if (name.empty() && known && info.dli_sname != nullptr) name = info.dli_sname;
    if (before_throw && is_machinery(name)) {
      held.clear();
      number = 0;
      continue;
    }
    std::string line = "  #" + std::to_string(number++) + " ";
    if (!name.empty()) line += demangle(name.c_str());
    if (known && info.dli_fname != nullptr) {
      char place[32];
      std::snprintf(place, sizeof place, "+0x%zx",
                    static_cast<std::size_t>(address - static_cast<const char*>(info.dli_fbase)));
      line += (name.empty() ? "" : " ") + std::string("(") + info.dli_fname + place + ")";
    } else {
      char place[32];
      std::snprintf(place, sizeof place, "%p", trace.frames[i]);
      line += place;
    }
    held += line + "\n";
  }
  text += held;
  return text;
}

}  // namespace cohort::os
