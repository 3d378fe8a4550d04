# The monitor as an image for the simulated computer, and the small kernels that test it.

VMM_SRC := $(wildcard vmm/*.c vmm/*/*.c)
VMM_OBJ := $(VMM_SRC:%.c=$(G)/%.o) $(G)/vmm/arch_entry.o

$(G)/vmm.elf: $(VMM_OBJ) vmm/vmm.ld
	@mkdir -p $(@D)
	$(call say,GLD,$@)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) -T vmm/vmm.ld $(VMM_OBJ) -o $@

GUESTS += $(G)/vmm.elf

VMM_TEST_KERNELS := bugs conform misbehave monitor share translate virtio
VMM_TEST_PARTS := $(addprefix $(G)/tests/vmm/guests/,start.o kernel.o)

$(G)/tests/vmm/%.elf: $(G)/tests/vmm/guests/%.o $(VMM_TEST_PARTS) vmm/vmm.ld
	@mkdir -p $(@D)
	$(call say,GLD,$@)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) -T vmm/vmm.ld $(filter %.o,$^) -o $@

$(G)/tests/vmm/translate.elf: $(G)/tests/vmm/guests/words.o
$(G)/tests/vmm/monitor.elf: $(G)/tests/vmm/guests/monitor_paging.o

# Paravirtual kernels begin in their own way.
PARA_TEST_PARTS := $(addprefix $(G)/tests/vmm/guests/,para.o para_storm.o)

$(G)/tests/vmm/para.elf: $(PARA_TEST_PARTS) vmm/vmm.ld
	@mkdir -p $(@D)
	$(call say,GLD,$@)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) -T vmm/vmm.ld $(PARA_TEST_PARTS) -o $@

GUESTS += $(VMM_TEST_KERNELS:%=$(G)/tests/vmm/%.elf) $(G)/tests/vmm/para.elf
