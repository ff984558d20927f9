"""A character-level transformer in the style of nanoGPT, on a text it can learn in a minute."""

import sys

import torch
from torch import nn

import tuilab

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 400
WIDTH, HEADS, LENGTH = 64, 4, 32
WORDS = ["the ", "quick ", "brown ", "fox ", "jumps ", "over ", "a ", "lazy ", "dog. "]

torch.manual_seed(0)
text = "".join(WORDS[i] for i in torch.randint(len(WORDS), (4000,)).tolist())
chars = sorted(set(text))
data = torch.tensor([chars.index(char) for char in text])


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        q, k, v = (
            part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1)
        )
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(mixed.transpose(1, 2).flatten(2))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.token, self.place = nn.Embedding(len(chars), WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.Sequential(*[Block() for _ in range(3)])
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, len(chars))

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.token(x) + self.place.weight)))


model = GPT()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
with tuilab.watch(model, optimizer, name="char-transformer", steps=STEPS, control=True) as w:
    for _ in range(STEPS):
        starts = torch.randint(len(data) - LENGTH - 1, (16,))
        x, y = (torch.stack([data[s + shift : s + shift + LENGTH] for s in starts]) for shift in (0, 1))
        loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        w.log(loss=loss)
