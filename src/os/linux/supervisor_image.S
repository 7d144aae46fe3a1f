// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// The supervisor's program file, as bytes.
        .section .rodata
        .hidden cohort_supervisor_image
        .hidden cohort_supervisor_image_end
        .globl cohort_supervisor_image
        .globl cohort_supervisor_image_end
        .balign 16
cohort_supervisor_image:
        .incbin COHORT_SUPERVISOR_IMAGE
cohort_supervisor_image_end:
        .section .note.GNU-stack, "", %progbits

// Says that nothing here is entered but where a jump may lead; without it the linker takes that to be so of no object.
#ifdef __CET__
#include <cet.h>
#endif
