import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Starts a program of which some classes are missing, by giving it empty interfaces for them: java Lenient CLASSPATH CLASS ARGUMENT…
 * Elasticsearch publishes its parser and analyzer of ES|QL, and not the module that runs what they make, which is only named in them.
 */
public class Lenient extends URLClassLoader {
  private Lenient(URL[] urls) {
    super(urls, ClassLoader.getPlatformClassLoader());
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    try {
      return super.findClass(name);
    } catch (ClassNotFoundException missing) {
      if (!name.startsWith("org.elasticsearch.")) throw missing;
      byte[] made = emptyInterface(name.replace('.', '/'));
      return defineClass(name, made, 0, made.length);
    }
  }

  /** A class file: the two names, public abstract interface, and no member. */
  private static byte[] emptyInterface(String name) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(0xCAFEBABE);
      out.writeInt(52);
      out.writeShort(5);
      for (String one : List.of(name, "java/lang/Object")) {
        int index = one.equals(name) ? 1 : 3;
        out.writeByte(1);
        out.writeUTF(one);
        out.writeByte(7);
        out.writeShort(index);
      }
      out.writeShort(0x0601);
      out.writeShort(2);
      out.writeShort(4);
      out.writeLong(0);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes.toByteArray();
  }

  public static void main(String[] args) throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String one : args[0].split(File.pathSeparator)) urls.add(new File(one).toURI().toURL());
    ClassLoader loader = new Lenient(urls.toArray(new URL[0]));
    Thread.currentThread().setContextClassLoader(loader);
    loader.loadClass(args[1]).getMethod("main", String[].class).invoke(null, (Object) Arrays.copyOfRange(args, 2, args.length));
  }
}
