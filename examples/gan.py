"""A GAN that learns a ring of eight Gaussians: two networks, two optimisers, one run."""

import math
import sys

import torch
from torch import nn

import tuilab

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
torch.manual_seed(0)


def real(count):
    angle = torch.randint(8, (count,)) * (math.pi / 4)
    return torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(count, 2)


def mlp(ins, outs):
    return nn.Sequential(
        nn.Linear(ins, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, outs)
    )


generator, discriminator = mlp(8, 2), mlp(2, 1)
optimizers = [
    torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.9)) for net in (generator, discriminator)
]
judge = nn.functional.softplus
networks = {"generator": generator, "discriminator": discriminator}
with tuilab.watch(networks, optimizers, name="gan", steps=STEPS) as w:
    for _ in range(STEPS):
        fake = generator(torch.randn(128, 8))
        lost = judge(discriminator(fake.detach())).mean() + judge(-discriminator(real(128))).mean()
        optimizers[1].zero_grad()
        lost.backward()
        optimizers[1].step()

        fooled = judge(-discriminator(fake)).mean()
        optimizers[0].zero_grad()
        fooled.backward()
        optimizers[0].step()
        w.log(generator={"loss": fooled}, discriminator={"loss": lost})
