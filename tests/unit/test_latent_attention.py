"""Keys, values and features of a UNet with Stable Diffusion 1.5's own blocks."""

import pytest
import tiny_diffusion
import torch
from diffusers.models.attention_processor import Attention

from pliant.engines.latent.attention import rewriting, self_attentions, shared
from pliant.engines.latent.features import MID, features, watched
from pliant.engines.latent.memory import KeyValues, room_on, tokens_of

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def unet():
    return tiny_diffusion.sd15_shaped()


@pytest.fixture(autouse=True)
def _without_gradients():
    with torch.no_grad():
        yield


def latents(seed=0, batch=1, height=24, width=16):
    return torch.randn((batch, 4, height, width), generator=torch.Generator().manual_seed(seed))


def ask(unet, given, level=300):
    hidden = torch.ones(given.shape[0], 7, tiny_diffusion.TEXT_WIDTH)
    return unet(given, torch.tensor(level), encoder_hidden_states=hidden, return_dict=False)[0]


def recorded(unet, given, steps=1):
    memory = KeyValues(room_on(CPU, low_mem=False))
    for step in range(steps):
        with rewriting(self_attentions(unet), memory.record(step)):
            ask(unet, given)
    return memory


def test_stable_diffusion_has_sixteen_in_order(unet):
    layers = self_attentions(unet)
    assert [layer.part for layer in layers] == ["down"] * 6 + ["mid"] + ["up"] * 9
    assert [layer.number for layer in layers] == list(range(16))
    order = []
    with rewriting(layers, lambda number, kind, found: (order.append((number, kind)), found)[1]):
        ask(unet, latents())
    assert order == [(number, kind) for number in range(16) for kind in ("key", "value")]


def test_ten_steps_are_160_keys_and_160_values(unet):
    memory = recorded(unet, latents(), steps=10)
    assert len(memory) == 320
    channels = 2 * 8 * 384 + (2 * 96 + 2 * 24 + 6) * 16 + 3 * (24 + 96) * 16 + 3 * 8 * 384
    assert memory.nbytes == 10 * 2 * 4 * channels


def test_recording_changes_nothing_and_replacing_by_the_same_is_the_same(unet):
    plain = ask(unet, latents())
    memory = KeyValues(room_on(CPU, low_mem=False))
    with rewriting(self_attentions(unet), memory.record(0)):
        assert torch.equal(ask(unet, latents()), plain)
    with rewriting(self_attentions(unet), memory.replace(0)):
        assert torch.equal(ask(unet, latents()), plain)


def test_replaced_keys_and_values_are_the_other_pictures(unet):
    memory = recorded(unet, latents(1))
    with rewriting(self_attentions(unet), memory.replace(0)):
        swapped = ask(unet, latents(0))
    assert not torch.allclose(swapped, ask(unet, latents(0)), atol=1e-4)


def test_taken_out_it_leaves_the_model_bit_for_bit(unet):
    hooks = sum(len(module._forward_hooks) for module in unet.modules())
    plain, weights = ask(unet, latents()), [weight.clone() for weight in unet.parameters()]
    memory = recorded(unet, latents(1))
    for rewrite in (memory.replace(0), memory.append(0), shared((0,))):
        with rewriting(self_attentions(unet), rewrite):
            ask(unet, latents(2))
    with pytest.raises(KeyError), rewriting(self_attentions(unet), memory.replace(7)):
        ask(unet, latents())
    assert torch.equal(ask(unet, latents()), plain)
    assert all(torch.equal(a, b) for a, b in zip(weights, unet.parameters(), strict=True))
    assert sum(len(module._forward_hooks) for module in unet.modules()) == hooks


def test_mutual_attention_in_a_batch_is_the_first_pictures_memory(unet):
    both = torch.cat([latents(0), latents(1)])
    with rewriting(self_attentions(unet), shared((0, 0))):
        together = ask(unet, both)
    assert torch.allclose(together[:1], ask(unet, latents(0)), atol=1e-5)
    memory = recorded(unet, latents(0))
    with rewriting(self_attentions(unet), memory.replace(0)):
        assert torch.allclose(together[1:], ask(unet, latents(1)), atol=1e-5)


def test_chosen_layers_only(unet):
    memory = recorded(unet, latents(1))
    chosen = [layer for layer in self_attentions(unet) if layer.number >= 10]
    touched = []

    def noted(number, kind, found):
        touched.append(number)
        return memory.replace(0)(number, kind, found)

    with rewriting(chosen, noted):
        ask(unet, latents(0))
    assert set(touched) == set(range(10, 16))


def attended(queries, keys, values):
    weights = torch.softmax(queries @ keys.transpose(1, 2) / queries.shape[-1] ** 0.5, dim=-1)
    return weights @ values


def test_appended_keys_and_values_are_attended_to_beside_its_own():
    torch.manual_seed(0)
    attention = Attention(query_dim=8, heads=1, dim_head=8)
    layer = type("Layer", (), {"number": 0, "attention": attention})()
    other, own = torch.randn(1, 6, 8), torch.randn(2, 5, 8)
    memory = KeyValues(lambda: True)
    with rewriting([layer], memory.record(0)):
        attention(other)
    with rewriting([layer], memory.append(0)):
        found = attention(own)
    keys, values = (
        torch.cat([projection(own), projection(other).expand(2, -1, -1)], dim=1)
        for projection in (attention.to_k, attention.to_v)
    )
    expected = attention.to_out[0](attended(attention.to_q(own), keys, values))
    assert torch.allclose(found, expected, atol=1e-6)


def test_a_mask_for_each_picture_of_the_batch():
    memory = KeyValues(lambda: True)
    memory.record(0)(0, "key", torch.ones(1, 6, 3))
    where = torch.zeros(2, 2, 3, dtype=torch.bool)
    where[0, 0, 1] = True
    where[1, 1] = True
    found = memory.replace(0, where)(0, "key", torch.zeros(2, 6, 3))
    assert found[..., 0].tolist() == [[0, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1]]


def test_masks_on_coarser_layers_keep_every_cell():
    where = torch.zeros(1, 5, 7, dtype=torch.bool)
    where[0, 4, 6] = True
    for tokens, grid in ((35, (5, 7)), (12, (3, 4)), (4, (2, 2)), (1, (1, 1))):
        found = tokens_of(where, tokens).view(grid)
        assert found[-1, -1]
        assert found.sum() == 1
    with pytest.raises(ValueError, match="no grid of 10"):
        tokens_of(where, 10)


def test_without_room_they_go_to_the_cpu_and_come_back_as_they_were(unet):
    plain = ask(unet, latents())
    memory = KeyValues(lambda: False)
    with rewriting(self_attentions(unet), memory.record(0)):
        ask(unet, latents())
    with rewriting(self_attentions(unet), memory.replace(0)):
        assert torch.equal(ask(unet, latents()), plain)
    assert not room_on(torch.device("cuda"), low_mem=True)()


def test_gradients_flow_through(unet):
    memory = recorded(unet, latents(1))
    with torch.enable_grad():
        given = latents().requires_grad_()
        with rewriting(self_attentions(unet), memory.append(0)):
            ask(unet, given).sum().backward()
    assert given.grad is not None
    assert given.grad.abs().sum() > 0


# ---------------------------------------------------------------------------------------------- features


def test_features_of_every_decoder_block(unet):
    with watched(unet, [MID, 0, 1, 2, 3]) as found:
        ask(unet, latents(height=64, width=64))
    sizes = {number: tuple(value.shape[1:]) for number, value in found.items()}
    assert sizes == {MID: (16, 8, 8), 0: (16, 16, 16), 1: (16, 32, 32), 2: (16, 64, 64), 3: (8, 64, 64)}


def test_the_unet_stops_where_no_more_is_wanted(unet):
    called = []
    handle = unet.up_blocks[2].register_forward_pre_hook(lambda module, inputs: called.append(1))
    try:
        found = features(unet, [0, 1], lambda: ask(unet, latents()))
        assert called == []
        with watched(unet, [0, 1]) as whole:
            ask(unet, latents())
        assert called == [1]
    finally:
        handle.remove()
    assert found.keys() == {0, 1}
    assert all(torch.equal(found[block], whole[block]) for block in found)


def test_features_leave_nothing_behind(unet):
    hooks = sum(len(module._forward_hooks) for module in unet.modules())
    features(unet, [MID], lambda: ask(unet, latents()))
    with pytest.raises(ZeroDivisionError):
        features(unet, [2], lambda: 1 / 0)
    assert sum(len(module._forward_hooks) for module in unet.modules()) == hooks
