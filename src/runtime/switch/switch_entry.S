/*
 * The context switch where the processor's own is used: an ordinary function to the compiler, which keeps
 * what the calling convention lets it lose (vector, mask and predicate registers, and those that later
 * processors will have), while this saves the rest, and leaves the floating-point control words alone.
 *
 * Each context says where it goes on, so that a new one is entered by a jump: a return to where nobody has
 * called from costs a wrong prediction. A suspended one comes back by a return, which is foreseen if both
 * contexts left from the same place, as tasks do.
 *
 * The file carries no shadow-stack mark: tasks have none, and the loader leaves them off.
 */
#if defined(__x86_64__) && !defined(GONET_SWITCH_UCONTEXT)
    .text
    .p2align 4
    .globl gonet__switch
    .hidden gonet__switch
    .type gonet__switch, @function
gonet__switch: /* (from, to): see gonet__context_t in switch.h */
    .cfi_startproc
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r15, 0
    leaq 1f(%rip), %rax
    movq %rsp, 0(%rdi)
    movq %rax, 8(%rdi)
    movq %rbp, 16(%rdi)
    movq 0(%rsi), %rsp
    movq 16(%rsi), %rbp
    jmpq *8(%rsi)
1:
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    ret
    .cfi_endproc
    .size gonet__switch, .-gonet__switch

/* The first thing that a new context runs: it takes its function and argument from the stack, and ends the
 * unwinder's walk. It jumps to the function, from which nothing returns: a call would put the prediction
 * of all later returns out of step. */
    .p2align 4
    .globl gonet__switch_entry
    .hidden gonet__switch_entry
    .type gonet__switch_entry, @function
gonet__switch_entry:
    .cfi_startproc
    .cfi_undefined rip
    popq %rax
    popq %rdi
    leaq 1f(%rip), %rcx
    pushq %rcx
    jmpq *%rax
1:
    ud2
    .cfi_endproc
    .size gonet__switch_entry, .-gonet__switch_entry

#elif defined(__aarch64__) && !defined(GONET_SWITCH_UCONTEXT)

#if defined(__ARM_FEATURE_PAC_DEFAULT) /* return addresses are signed while they lie on the stack */
#define SIGN         hint #25 /* paciasp */; .cfi_negate_ra_state
#define AUTHENTICATE hint #29 /* autiasp */; .cfi_negate_ra_state
#else
#define SIGN
#define AUTHENTICATE
#endif

    .text
    .p2align 4
    .globl gonet__switch
    .hidden gonet__switch
    .type gonet__switch, %function
gonet__switch: /* (from, to): see gonet__context_t in switch.h */
    .cfi_startproc
    hint #34 /* bti c */
    SIGN
    sub sp, sp, #160
    .cfi_adjust_cfa_offset 160
    stp x19, x20, [sp]
    .cfi_rel_offset x19, 0
    .cfi_rel_offset x20, 8
    stp x21, x22, [sp, #16]
    .cfi_rel_offset x21, 16
    .cfi_rel_offset x22, 24
    stp x23, x24, [sp, #32]
    .cfi_rel_offset x23, 32
    .cfi_rel_offset x24, 40
    stp x25, x26, [sp, #48]
    .cfi_rel_offset x25, 48
    .cfi_rel_offset x26, 56
    stp x27, x28, [sp, #64]
    .cfi_rel_offset x27, 64
    .cfi_rel_offset x28, 72
    stp d8, d9, [sp, #80]
    .cfi_rel_offset d8, 80
    .cfi_rel_offset d9, 88
    stp d10, d11, [sp, #96]
    .cfi_rel_offset d10, 96
    .cfi_rel_offset d11, 104
    stp d12, d13, [sp, #112]
    .cfi_rel_offset d12, 112
    .cfi_rel_offset d13, 120
    stp d14, d15, [sp, #128]
    .cfi_rel_offset d14, 128
    .cfi_rel_offset d15, 136
    str x30, [sp, #144]
    .cfi_rel_offset x30, 144
    mov x9, sp
    adr x10, 1f
    stp x9, x10, [x0]
    str x29, [x0, #16]
    ldp x9, x10, [x1]
    ldr x29, [x1, #16]
    mov sp, x9
    br x10
1:
    hint #36 /* bti j */
    ldp x19, x20, [sp]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp d8, d9, [sp, #80]
    ldp d10, d11, [sp, #96]
    ldp d12, d13, [sp, #112]
    ldp d14, d15, [sp, #128]
    ldr x30, [sp, #144]
    add sp, sp, #160
    .cfi_def_cfa_offset 0
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore d8
    .cfi_restore d9
    .cfi_restore d10
    .cfi_restore d11
    .cfi_restore d12
    .cfi_restore d13
    .cfi_restore d14
    .cfi_restore d15
    .cfi_restore x30
    AUTHENTICATE
    ret
    .cfi_endproc
    .size gonet__switch, .-gonet__switch

/* As above. */
    .p2align 4
    .globl gonet__switch_entry
    .hidden gonet__switch_entry
    .type gonet__switch_entry, %function
gonet__switch_entry:
    .cfi_startproc
    .cfi_undefined x30
    hint #36 /* bti j */
    ldp x16, x0, [sp], #16 /* x16: from there a landing pad for calls takes a jump, too */
    adr x30, 1f
    br x16
1:
    brk #1
    .cfi_endproc
    .size gonet__switch_entry, .-gonet__switch_entry
#endif

#include "runtime/ground/notes.inc"
