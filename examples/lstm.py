"""An LSTM that tells how many ones a sequence had, by the batches of a DataLoader."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import tuilab

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
torch.manual_seed(0)
bits = (torch.rand(2048, 20) < 0.3).float()
data = TensorDataset(bits[..., None], bits.sum(1) % 4)


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.out = nn.LSTM(1, 32, num_layers=2, batch_first=True), nn.Linear(32, 4)

    def forward(self, x):
        return self.out(self.rnn(x)[0][:, -1])


model = Counter()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
w = tuilab.watch(model, optimizer, name="lstm", control=True)
for x, y in w.batches(DataLoader(data, batch_size=64, shuffle=True), epochs=EPOCHS):
    optimizer.zero_grad()
    scores = model(x)
    loss = nn.functional.cross_entropy(scores, y.long())
    loss.backward()
    optimizer.step()
    w.log(loss=loss, accuracy=(scores.argmax(1) == y).float().mean())
w.close()
