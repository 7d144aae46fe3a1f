/* SPDX-FileCopyrightText: 2026 The Cohort authors
   SPDX-License-Identifier: Apache-2.0

   cohort_trace_frame(function, argument): calls function(argument) in a frame whose personality routine is
   cohort_search_phase_personality. No C++ construct gives a frame another personality, hence assembly. */

#if defined(__x86_64__)
        .text
        .globl  cohort_trace_frame
        .hidden cohort_trace_frame
        .type   cohort_trace_frame, @function
cohort_trace_frame:
        .cfi_startproc
        .cfi_personality 0x9b, DW.ref.cohort_search_phase_personality
        endbr64
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        movq    %rdi, %rax
        movq    %rsi, %rdi
        call    *%rax
        popq    %rbp
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .globl  cohort_trace_frame_end
        .hidden cohort_trace_frame_end
cohort_trace_frame_end:
        .size   cohort_trace_frame, .-cohort_trace_frame
#elif defined(__aarch64__)
        .text
        .globl  cohort_trace_frame
        .hidden cohort_trace_frame
        .type   cohort_trace_frame, %function
cohort_trace_frame:
        .cfi_startproc
        .cfi_personality 0x9b, DW.ref.cohort_search_phase_personality
        stp     x29, x30, [sp, -16]!
        .cfi_def_cfa_offset 16
        .cfi_offset 29, -16
        .cfi_offset 30, -8
        mov     x29, sp
        mov     x2, x0
        mov     x0, x1
        blr     x2
        ldp     x29, x30, [sp], 16
        .cfi_restore 30
        .cfi_restore 29
        .cfi_def_cfa_offset 0
        ret
        .cfi_endproc
        .globl  cohort_trace_frame_end
        .hidden cohort_trace_frame_end
cohort_trace_frame_end:
        .size   cohort_trace_frame, .-cohort_trace_frame
#else
#error "cohort: src/os/linux/unwind.S has no frame for this processor yet"
#endif

        .hidden DW.ref.cohort_search_phase_personality
        .weak   DW.ref.cohort_search_phase_personality
        .section .data.rel.local.DW.ref.cohort_search_phase_personality, "awG", %progbits, \
                 DW.ref.cohort_search_phase_personality, comdat
        .balign 8
        .type   DW.ref.cohort_search_phase_personality, %object
        .size   DW.ref.cohort_search_phase_personality, 8
DW.ref.cohort_search_phase_personality:
        .quad   cohort_search_phase_personality
        .section .note.GNU-stack, "", %progbits

/* Says that nothing here is entered but where a jump may lead; without it the linker takes that to be so of no
   object. */
#ifdef __CET__
#include <cet.h>
#endif
