const form = document.getElementById('login');
const answer = document.getElementById('answer');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  answer.textContent = '';
  const token = document.getElementById('token').value.trim();
  try {
    // The answer brings a cookie, so that the token stands in no address.
    const response = await fetch('./', { headers: { authorization: `Bearer ${token}` } });
    if (response.ok) location.replace('./');
    else answer.textContent = 'That is not the token.';
  } catch {
    answer.textContent = 'The engine does not answer.';
  }
});
