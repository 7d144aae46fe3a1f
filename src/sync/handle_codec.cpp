// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/sync/handle_codec.hpp"
#include "object/handle_access.hpp"

#include "cohort/wire/codec.hpp"

namespace cohort::detail {

void encode_handle(Encoder& out, const SharedHandle& handle) {
  if (handle.is_null()) Encoder::fail("a null handle cannot travel: it was moved from");
  HandleName name = handle.name();
  out.write_raw(name.family[0]);
  out.write_raw(name.family[1]);
  out.write_raw(name.offset);
  out.write_raw(name.generation);
  out.write_raw(name.kind);
  out.attach({name.offset, HandleAccess::keep(handle)});
}

HandleName decode_handle_name(Decoder& in) {
  in.expect_names_allowed();
  HandleName name;
  name.family[0] = Codec<std::uint64_t>::decode(in);
  name.family[1] = Codec<std::uint64_t>::decode(in);
  name.offset = Codec<std::uint64_t>::decode(in);
  name.generation = Codec<std::uint64_t>::decode(in);
  name.kind = Codec<std::uint32_t>::decode(in);
  return name;
}

}  // namespace cohort::detail
